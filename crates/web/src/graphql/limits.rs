//! What a document may ask for. Looked at before anything is executed and
//! before anybody is authenticated, so that a refusal costs no statement:
//! first the text (its tokens, how deep it nests), then the parsed document
//! with its fragments spread (fields, depth, aliases, directives), then, by the
//! schema, its cost.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextRequest, NextValidation};
use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, OperationType, Selection, SelectionSet};
use async_graphql::{ErrorExtensions, Response, ServerError, ValidationResult, value};

/// Tokens of a document.
pub const TOKENS: usize = 3000;
/// How deep braces, brackets and parentheses nest in its text.
const NESTING: usize = 32;
/// How deep fields nest.
pub const DEPTH: usize = 10;
/// The same for documents that ask for nothing but the schema itself.
const INTROSPECTION_DEPTH: usize = 16;
/// Fields once fragments are spread.
pub const FIELDS: usize = 1000;
/// Aliases once fragments are spread.
pub const ALIASES: usize = 15;
/// Directives once fragments are spread.
pub const DIRECTIVES: usize = 20;
/// Root fields of a mutation: each is a change of its own.
pub const CHANGES: usize = 10;
/// Operations in one document.
const OPERATIONS: usize = 10;

/// Why a document is refused: a stable machine word and the reason for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Stable machine word.
    pub code: &'static str,
    /// For people.
    pub message: String,
}

fn refuse<T>(code: &'static str, message: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { code, message: message.into() })
}

/// What is known of a document that may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measured {
    /// Root fields of its largest operation: how many requests it counts as.
    pub roots: usize,
    /// It may change something.
    pub changes: bool,
}

/// Looks at the text alone, in one pass, without recursion.
///
/// # Errors
/// Too many tokens, nested too deep.
pub fn scan(text: &str) -> Result<(), Refusal> {
    let bytes = text.as_bytes();
    let (mut at, mut tokens, mut nesting) = (0, 0_usize, 0_usize);
    while at < bytes.len() {
        match bytes[at] {
            b' ' | b'\t' | b'\r' | b'\n' | b',' => at += 1,
            b'#' => at += bytes[at..].iter().position(|b| *b == b'\n').unwrap_or(bytes.len() - at),
            b'"' => {
                tokens += 1;
                at += string_length(&bytes[at..]);
            }
            c if c.is_ascii_alphanumeric() || c == b'_' || c == b'-' => {
                tokens += 1;
                at += bytes[at..]
                    .iter()
                    .position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.')))
                    .unwrap_or(bytes.len() - at);
            }
            c => {
                tokens += 1;
                at += 1;
                match c {
                    b'{' | b'[' | b'(' => nesting += 1,
                    b'}' | b']' | b')' => nesting = nesting.saturating_sub(1),
                    _ => {}
                }
            }
        }
        if tokens > TOKENS {
            return refuse("too_many_tokens", format!("a document may have at most {TOKENS} tokens"));
        }
        if nesting > NESTING {
            return refuse("too_deep", format!("a document may nest at most {NESTING} deep"));
        }
    }
    Ok(())
}

/// Bytes of a string or block string, its quotes included.
fn string_length(bytes: &[u8]) -> usize {
    if bytes.starts_with(b"\"\"\"") {
        let end = bytes[3..].windows(3).position(|three| three == b"\"\"\"");
        return end.map_or(bytes.len(), |end| end + 6);
    }
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' | b'\n' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

#[derive(Debug, Clone, Copy, Default)]
struct Size {
    fields: usize,
    depth: usize,
    aliases: usize,
    directives: usize,
}

struct Measure<'a> {
    document: &'a ExecutableDocument,
    /// Fragments measured; `None` while one is being measured.
    fragments: HashMap<&'a str, Option<Size>>,
}

impl<'a> Measure<'a> {
    fn set(&mut self, set: &'a SelectionSet) -> Result<Size, Refusal> {
        let mut all = Size::default();
        for item in &set.items {
            let one = match &item.node {
                Selection::Field(field) => {
                    let inner = self.set(&field.node.selection_set.node)?;
                    Size {
                        fields: inner.fields.saturating_add(1),
                        depth: inner.depth + 1,
                        aliases: inner.aliases.saturating_add(usize::from(field.node.alias.is_some())),
                        directives: inner.directives.saturating_add(field.node.directives.len()),
                    }
                }
                Selection::InlineFragment(inline) => {
                    let mut inner = self.set(&inline.node.selection_set.node)?;
                    inner.directives = inner.directives.saturating_add(inline.node.directives.len());
                    inner
                }
                Selection::FragmentSpread(spread) => {
                    let mut inner = self.fragment(&spread.node.fragment_name.node)?;
                    inner.directives = inner.directives.saturating_add(spread.node.directives.len());
                    inner
                }
            };
            all.fields = all.fields.saturating_add(one.fields);
            all.depth = all.depth.max(one.depth);
            all.aliases = all.aliases.saturating_add(one.aliases);
            all.directives = all.directives.saturating_add(one.directives);
        }
        Ok(all)
    }

    /// Each fragment is measured once, however often it is spread.
    fn fragment(&mut self, name: &'a str) -> Result<Size, Refusal> {
        match self.fragments.get(name) {
            Some(Some(size)) => return Ok(*size),
            Some(None) => return refuse("fragment_cycle", format!("the fragment {name} spreads itself")),
            None => {}
        }
        // What is not defined is told by validation, with its place.
        let Some(fragment) = self.document.fragments.get(name) else { return Ok(Size::default()) };
        self.fragments.insert(name, None);
        let size = self.set(&fragment.node.selection_set.node)?;
        self.fragments.insert(name, Some(size));
        Ok(size)
    }
}

/// Looks at the parsed document.
///
/// # Errors
/// The first bound it breaks.
pub fn measure(document: &ExecutableDocument) -> Result<Measured, Refusal> {
    let count = match &document.operations {
        DocumentOperations::Single(_) => 1,
        DocumentOperations::Multiple(many) => many.len(),
    };
    if count > OPERATIONS {
        return refuse("too_many_operations", format!("a document may have at most {OPERATIONS} operations"));
    }
    let mut measure = Measure { document, fragments: HashMap::new() };
    for name in document.fragments.keys() {
        measure.fragment(name)?;
    }
    let mut measured = Measured { roots: 1, changes: false };
    for (_, operation) in document.operations.iter() {
        let operation = &operation.node;
        let size = measure.set(&operation.selection_set.node)?;
        let roots = &operation.selection_set.node.items;
        let about_schema = |item: &Selection| matches!(item, Selection::Field(field) if field.node.name.node.starts_with("__"));
        let deepest = if roots.iter().all(|item| about_schema(&item.node)) { INTROSPECTION_DEPTH } else { DEPTH };
        let directives = size.directives + operation.directives.len();
        for (code, have, most, what) in [
            ("too_deep", size.depth, deepest, "levels of fields"),
            ("too_many_fields", size.fields, FIELDS, "fields"),
            ("too_many_aliases", size.aliases, ALIASES, "aliases"),
            ("too_many_directives", directives, DIRECTIVES, "directives"),
        ] {
            if have > most {
                return refuse(code, format!("a document may have at most {most} {what}; this has {have}"));
            }
        }
        // Through fragments a root may hold many fields: each counts.
        let root_fields = root_fields(document, &operation.selection_set.node, 0);
        if operation.ty == OperationType::Mutation {
            measured.changes = true;
            if root_fields > CHANGES {
                return refuse("too_many_changes", format!("a document may make at most {CHANGES} changes; this makes {root_fields}"));
            }
        }
        if operation.ty == OperationType::Subscription && root_fields > 1 {
            return refuse("too_many_subscriptions", "a subscription watches one thing");
        }
        measured.roots = measured.roots.max(root_fields);
    }
    Ok(measured)
}

fn root_fields(document: &ExecutableDocument, set: &SelectionSet, level: usize) -> usize {
    // Cycles were refused before; the level only bounds a mistake here.
    if level > NESTING {
        return 0;
    }
    let of = |item: &Selection| match item {
        Selection::Field(_) => 1,
        Selection::InlineFragment(inline) => root_fields(document, &inline.node.selection_set.node, level + 1),
        Selection::FragmentSpread(spread) => {
            let fragment = document.fragments.get(&spread.node.fragment_name.node);
            fragment.map_or(0, |fragment| root_fields(document, &fragment.node.selection_set.node, level + 1))
        }
    };
    set.items.iter().map(|item| of(&item.node)).sum()
}

/// Tells what a document costs, and refuses what costs too much: each field is
/// a point, connections count their items, what asks the calendar or a provider
/// counts more.
pub struct Cost {
    /// The most a document may cost.
    pub most: usize,
}

impl ExtensionFactory for Cost {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Counted { most: self.most, seen: OnceLock::new() })
    }
}

struct Counted {
    most: usize,
    seen: OnceLock<(usize, usize)>,
}

#[async_trait::async_trait]
impl Extension for Counted {
    async fn request(&self, ctx: &ExtensionContext<'_>, next: NextRequest<'_>) -> Response {
        let response = next.run(ctx).await;
        match self.seen.get() {
            Some((points, depth)) => response.extension("cost", value!({ "points": *points, "most": self.most, "depth": *depth })),
            None => response,
        }
    }

    async fn validation(&self, ctx: &ExtensionContext<'_>, next: NextValidation<'_>) -> Result<ValidationResult, Vec<ServerError>> {
        let result = next.run(ctx).await?;
        let _ = self.seen.set((result.complexity, result.depth));
        if result.complexity > self.most {
            let why = format!("this document costs {} points, {} are the most: ask for fewer items", result.complexity, self.most);
            let error = async_graphql::Error::new(why).extend_with(|_, extensions| extensions.set("code", "too_costly"));
            return Err(vec![error.into_server_error(async_graphql::Pos::default())]);
        }
        Ok(result)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail loudly")]
    use super::*;

    fn code(text: &str) -> &'static str {
        match scan(text).and_then(|()| measure(&async_graphql::parser::parse_query(text).unwrap())) {
            Ok(_) => "",
            Err(refusal) => refusal.code,
        }
    }

    #[test]
    fn strings_and_comments_hide_nothing_and_count_once() {
        assert_eq!(code("{ a(x: \"}}}}{{{{ \\\" {\") # {{{{{{{{\n b(x: \"\"\"{ \" { \"\"\") }"), "");
        assert_eq!(scan(&"{".repeat(40)).unwrap_err().code, "too_deep");
        assert_eq!(scan(&"a ".repeat(TOKENS + 1)).unwrap_err().code, "too_many_tokens");
    }

    #[test]
    fn each_bound_is_met_exactly() {
        let nest = |n: usize| format!("{}a{}", "{a".repeat(n - 1) + "{", "}".repeat(n));
        assert_eq!((code(&nest(DEPTH)), code(&nest(DEPTH + 1))), ("", "too_deep"));
        let aliases = |n: usize| format!("{{ {} }}", (0..n).map(|i| format!("a{i}: a ")).collect::<String>());
        assert_eq!((code(&aliases(ALIASES)), code(&aliases(ALIASES + 1))), ("", "too_many_aliases"));
        let directives = |n: usize| format!("{{ a {} }}", "@skip(if: false) ".repeat(n));
        assert_eq!((code(&directives(DIRECTIVES)), code(&directives(DIRECTIVES + 1))), ("", "too_many_directives"));
        let fields = |n: usize| format!("{{ {} }}", "a ".repeat(n));
        assert_eq!((code(&fields(FIELDS)), code(&fields(FIELDS + 1))), ("", "too_many_fields"));
        let changes = |n: usize| format!("mutation {{ {} }}", "a ".repeat(n));
        assert_eq!((code(&changes(CHANGES)), code(&changes(CHANGES + 1))), ("", "too_many_changes"));
    }

    #[test]
    fn fragments_are_counted_as_often_as_they_are_spread() {
        let mut doubling = String::from("{ ...f0 }");
        for n in 0..40 {
            doubling.push_str(&format!(" fragment f{n} on Q {{ ...f{} ...f{} }}", n + 1, n + 1));
        }
        doubling.push_str(" fragment f40 on Q { a }");
        assert_eq!(code(&doubling), "too_many_fields");
        assert_eq!(code("{ ...a } fragment a on Q { ...b } fragment b on Q { c { ...a } }"), "fragment_cycle");
        assert_eq!(code("mutation { ...a ...a ...a } fragment a on M { x y z w }"), "too_many_changes");
    }
}
