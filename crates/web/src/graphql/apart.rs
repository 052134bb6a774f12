//! Parts of the root objects, each behind a box of its own.

use std::borrow::Cow;

use async_graphql::parser::types::Field;
use async_graphql::registry::Registry;
use async_graphql::{ContainerType, Context, ContextSelectionSet, ObjectType, OutputType, Positioned, ServerResult, Value};
use futures::future::BoxFuture;

/// A part whose fields are resolved behind a box. Merged as they are, all
/// fields of a root become one function: it is long to compile and takes much
/// of a stack.
#[derive(Debug, Default)]
pub struct Apart<T>(T);

impl<T: OutputType> OutputType for Apart<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        self.0.resolve(ctx, field).await
    }
}

impl<T: ContainerType> ContainerType for Apart<T> {
    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        let resolved: BoxFuture<'_, _> = Box::pin(self.0.resolve_field(ctx));
        resolved.await
    }
}

impl<T: ObjectType> ObjectType for Apart<T> {}
