//! Whether a schema still keeps what an earlier one promised: what a client
//! that was written for the earlier one would stumble over.

use std::collections::BTreeMap;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{BaseType, FieldDefinition, InputValueDefinition, Type, TypeKind, TypeSystemDefinition};

/// What a schema says, by name.
type Types = BTreeMap<String, TypeKind>;

fn types(sdl: &str) -> Result<Types, String> {
    let document = parse_schema(sdl).map_err(|error| error.to_string())?;
    let named = document.definitions.into_iter().filter_map(|definition| match definition {
        TypeSystemDefinition::Type(kind) => Some((kind.node.name.node.to_string(), kind.node.kind)),
        TypeSystemDefinition::Schema(_) | TypeSystemDefinition::Directive(_) => None,
    });
    Ok(named.collect())
}

fn kind(kind: &TypeKind) -> &'static str {
    match kind {
        TypeKind::Scalar => "scalar",
        TypeKind::Object(_) => "type",
        TypeKind::Interface(_) => "interface",
        TypeKind::Union(_) => "union",
        TypeKind::Enum(_) => "enum",
        TypeKind::InputObject(_) => "input",
    }
}

/// Whether a value of type `new` can stand where `old` was promised.
fn fits(new: &Type, old: &Type) -> bool {
    // What was never null stays so.
    (old.nullable || !new.nullable)
        && match (&new.base, &old.base) {
            (BaseType::Named(new), BaseType::Named(old)) => new == old,
            (BaseType::List(new), BaseType::List(old)) => fits(new, old),
            _ => false,
        }
}

struct Faults(Vec<String>);

impl Faults {
    fn fields<'a>(&mut self, owner: &str, old: impl Iterator<Item = &'a FieldDefinition>, new: &[&FieldDefinition]) {
        for was in old {
            let name = &was.name.node;
            let Some(is) = new.iter().find(|field| field.name.node == *name) else {
                self.0.push(format!("{owner}.{name} is gone"));
                continue;
            };
            if !fits(&is.ty.node, &was.ty.node) {
                self.0.push(format!("{owner}.{name} was {} and is {}", was.ty.node, is.ty.node));
            }
            let arguments = |field: &'a FieldDefinition| field.arguments.iter().map(|argument| &argument.node);
            let there: Vec<&InputValueDefinition> = is.arguments.iter().map(|argument| &argument.node).collect();
            self.inputs(&format!("{owner}.{name}"), arguments(was), &there);
        }
    }

    /// Arguments and input fields: taken as before, and none asked for that was
    /// not.
    fn inputs<'a>(&mut self, owner: &str, old: impl Iterator<Item = &'a InputValueDefinition>, new: &[&InputValueDefinition]) {
        let old: Vec<&InputValueDefinition> = old.collect();
        for was in &old {
            let name = &was.name.node;
            match new.iter().find(|input| input.name.node == *name) {
                None => self.0.push(format!("{owner}({name}) is gone")),
                Some(is) if !fits(&was.ty.node, &is.ty.node) => {
                    self.0.push(format!("{owner}({name}) was {} and is {}", was.ty.node, is.ty.node));
                }
                Some(_) => {}
            }
        }
        for is in new.iter().filter(|input| !input.ty.node.nullable && input.default_value.is_none()) {
            if !old.iter().any(|was| was.name.node == is.name.node) {
                self.0.push(format!("{owner}({}) is new and must be given", is.name.node));
            }
        }
    }
}

/// Everything by which `new` breaks what `old` promised; none when it keeps it.
///
/// # Errors
/// When one of them cannot be read.
pub fn breaking(old: &str, new: &str) -> Result<Vec<String>, String> {
    let (old, new) = (types(old)?, types(new)?);
    let mut faults = Faults(Vec::new());
    for (name, was) in &old {
        let Some(is) = new.get(name) else {
            faults.0.push(format!("{} {name} is gone", kind(was)));
            continue;
        };
        match (was, is) {
            (TypeKind::Object(was), TypeKind::Object(is)) => {
                let there: Vec<&FieldDefinition> = is.fields.iter().map(|field| &field.node).collect();
                faults.fields(name, was.fields.iter().map(|field| &field.node), &there);
                for interface in &was.implements {
                    if !is.implements.iter().any(|have| have.node == interface.node) {
                        faults.0.push(format!("{name} is no {} any more", interface.node));
                    }
                }
            }
            (TypeKind::Interface(was), TypeKind::Interface(is)) => {
                let there: Vec<&FieldDefinition> = is.fields.iter().map(|field| &field.node).collect();
                faults.fields(name, was.fields.iter().map(|field| &field.node), &there);
            }
            (TypeKind::InputObject(was), TypeKind::InputObject(is)) => {
                let there: Vec<&InputValueDefinition> = is.fields.iter().map(|field| &field.node).collect();
                faults.inputs(name, was.fields.iter().map(|field| &field.node), &there);
            }
            (TypeKind::Enum(was), TypeKind::Enum(is)) => {
                for value in was.values.iter().map(|value| &value.node.value.node) {
                    if !is.values.iter().any(|have| have.node.value.node == *value) {
                        faults.0.push(format!("{name}.{value} is gone"));
                    }
                }
            }
            (TypeKind::Union(was), TypeKind::Union(is)) => {
                for member in &was.members {
                    if !is.members.iter().any(|have| have.node == member.node) {
                        faults.0.push(format!("{name} is never a {} any more", member.node));
                    }
                }
            }
            (TypeKind::Scalar, TypeKind::Scalar) => {}
            (was, is) => faults.0.push(format!("{name} was a {} and is a {}", kind(was), kind(is))),
        }
    }
    Ok(faults.0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail loudly")]
    use super::*;

    const OLD: &str = "type Query { a(x: Int, y: Int!): String! b: [Int!] } enum E { ONE TWO } input I { n: Int m: Int! } union U = Query";

    #[test]
    fn what_only_adds_breaks_nothing() {
        let new =
            "type Query { a(x: Int, y: Int, z: Int): String! b: [Int!]! c: Int } enum E { ONE TWO THREE } input I { n: Int m: Int o: Int }
                   union U = Query | V type V { a: Int }";
        assert_eq!(breaking(OLD, new).unwrap(), Vec::<String>::new());
        assert_eq!(breaking(OLD, OLD).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn every_way_to_break_is_named() {
        let new = "type Query { a(x: Int!, z: Int!): String } enum E { ONE } input I { n: Int! m: Int! o: Int! } scalar U";
        let faults = breaking(OLD, new).unwrap();
        let wanted = [
            "E.TWO is gone",
            "I(n) was Int and is Int!",
            "I(o) is new and must be given",
            "Query.a was String! and is String",
            "Query.a(x) was Int and is Int!",
            "Query.a(y) is gone",
            "Query.a(z) is new and must be given",
            "Query.b is gone",
            "U was a union and is a scalar",
        ];
        for want in wanted {
            assert!(faults.iter().any(|fault| fault == want), "{want} is missing in {faults:#?}");
        }
        assert_eq!(faults.len(), wanted.len());
        assert_eq!(breaking(OLD, "type Other { a: Int }").unwrap().len(), 4);
    }
}
