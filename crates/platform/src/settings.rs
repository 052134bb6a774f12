//! Settings in layers: defaults compiled in, then a file, then the environment.
//! The defaults file is the documentation: the comment above a key describes
//! it, its last line `env NAME` names the variable.

use std::fmt::Write;

use serde::de::DeserializeOwned;
use toml::{Table, Value};

/// One setting of the defaults file.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// `section.key`, or `key` at the top.
    pub path: String,
    /// What it means.
    pub meaning: String,
    /// The environment variable.
    pub env: String,
    /// Its default.
    pub default: Value,
}

/// Every mistake in the settings, for people.
#[derive(Debug, thiserror::Error)]
#[error("the settings have mistakes:\n{}", .0.iter().map(|m| format!("  - {m}")).collect::<Vec<_>>().join("\n"))]
pub struct Mistakes(pub Vec<String>);

/// Reads the defaults file. The program ships it, so a mistake in it is ours.
///
/// # Errors
/// When it is no TOML or a key has no variable.
pub fn describe(defaults: &str) -> Result<Vec<Setting>, Mistakes> {
    let table: Table = defaults.parse().map_err(|error| Mistakes(vec![format!("config.default.toml: {error}")]))?;
    let (mut settings, mut mistakes) = (Vec::new(), Vec::new());
    let (mut section, mut comment) = (String::new(), Vec::<&str>::new());
    for line in defaults.lines().map(str::trim) {
        if let Some(words) = line.strip_prefix('#') {
            comment.push(words.trim());
        } else if let Some(name) = line.strip_prefix('[') {
            section = format!("{}.", name.trim_end_matches(']'));
            comment.clear();
        } else if let Some((key, _)) = line.split_once('=') {
            let path = format!("{section}{}", key.trim());
            let env = comment.pop().and_then(|last| last.strip_prefix("env ")).map(str::to_owned);
            match (env, lookup(&table, &path)) {
                (Some(env), Some(default)) => settings.push(Setting { path, meaning: comment.join(" "), env, default: default.clone() }),
                _ => mistakes.push(format!("config.default.toml: {path} has no line `# env NAME` above it")),
            }
            comment.clear();
        } else {
            comment.clear();
        }
    }
    if mistakes.is_empty() { Ok(settings) } else { Err(Mistakes(mistakes)) }
}

fn lookup<'t>(table: &'t Table, path: &str) -> Option<&'t Value> {
    match path.split_once('.') {
        Some((section, key)) => table.get(section)?.get(key),
        None => table.get(path),
    }
}

fn set(table: &mut Table, path: &str, value: Value) {
    match path.split_once('.') {
        Some((section, key)) => {
            if let Some(section) = table.entry(section).or_insert_with(|| Value::Table(Table::new())).as_table_mut() {
                section.insert(key.to_owned(), value);
            }
        }
        None => {
            table.insert(path.to_owned(), value);
        }
    }
}

/// A variable's text as the kind of value that the default is.
fn typed(text: &str, like: &Value) -> Result<Value, &'static str> {
    match like {
        Value::Integer(_) => text.trim().parse().map(Value::Integer).map_err(|_| "a whole number"),
        Value::Boolean(_) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Ok(Value::Boolean(true)),
            "false" | "0" | "no" | "off" => Ok(Value::Boolean(false)),
            _ => Err("true or false"),
        },
        Value::Array(_) => Ok(Value::Array(
            text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(|part| Value::String(part.into())).collect(),
        )),
        _ => Ok(Value::String(text.to_owned())),
    }
}

/// Puts the layers together. `file` is the name and text of the settings file,
/// `env` looks a variable up.
///
/// # Errors
/// Every mistake at once: unknown keys, wrong kinds, and what the type refuses.
pub fn load<T: DeserializeOwned>(defaults: &str, file: Option<(&str, &str)>, env: impl Fn(&str) -> Option<String>) -> Result<T, Mistakes> {
    let settings = describe(defaults)?;
    let mut table: Table = defaults.parse().map_err(|error| Mistakes(vec![format!("config.default.toml: {error}")]))?;
    let mut mistakes = Vec::new();
    if let Some((name, text)) = file {
        match text.parse::<Table>() {
            Err(error) => mistakes.push(format!("{name}: {error}")),
            Ok(given) => overlay(&mut table, &given, &settings, name, &mut mistakes),
        }
    }
    for setting in &settings {
        let Some(text) = env(&setting.env) else {
            continue;
        };
        match typed(&text, &setting.default) {
            Ok(value) => set(&mut table, &setting.path, value),
            Err(wanted) => mistakes.push(format!("{}={text:?} must be {wanted}, e.g. {}", setting.env, setting.default)),
        }
    }
    let value = Value::Table(table).try_into::<T>().map_err(|error| mistakes.push(error.to_string().trim().to_owned()));
    match value {
        Ok(value) if mistakes.is_empty() => Ok(value),
        _ => Err(Mistakes(mistakes)),
    }
}

fn overlay(table: &mut Table, given: &Table, settings: &[Setting], name: &str, mistakes: &mut Vec<String>) {
    let mut flat = Vec::new();
    for (key, value) in given {
        match value {
            Value::Table(section) => flat.extend(section.iter().map(|(inner, value)| (format!("{key}.{inner}"), value))),
            value => flat.push((key.clone(), value)),
        }
    }
    for (path, value) in flat {
        match settings.iter().find(|setting| setting.path == path) {
            None => mistakes.push(format!("{name}: there is no setting {path}")),
            Some(setting) if setting.default.type_str() != value.type_str() => {
                mistakes.push(format!("{name}: {path} must be of type {}, e.g. {}", setting.default.type_str(), setting.default));
            }
            Some(_) => set(table, &path, value.clone()),
        }
    }
}

/// The reference of all settings in Markdown.
///
/// # Errors
/// When the defaults file has mistakes.
pub fn reference(defaults: &str) -> Result<String, Mistakes> {
    let mut text = String::from(
        "# Settings\n\nEach can be set in `roost.toml` (in the working folder, or named by `ROOST_CONFIG`) or by its environment variable,\nwhich wins. Made from `config.default.toml`.\n\n| setting | variable | default | meaning |\n|---|---|---|---|\n",
    );
    for setting in describe(defaults)? {
        let default = match &setting.default {
            Value::String(empty) if empty.is_empty() => "–".to_owned(),
            other => format!("`{other}`"),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "| `{}` | `{}` | {default} | {} |", setting.path, setting.env, setting.meaning);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFAULTS: &str = "# Where.\n# env X_LISTEN\nlisten = \"here\"\n\n[pool]\n# How many.\n# env X_POOL\nsize = 3\n";

    #[derive(Debug, serde::Deserialize, PartialEq)]
    struct Config {
        listen: String,
        pool: Pool,
    }

    #[derive(Debug, serde::Deserialize, PartialEq)]
    struct Pool {
        size: u32,
    }

    #[test]
    fn the_environment_wins_over_the_file_over_the_defaults() {
        let config: Config =
            load(DEFAULTS, Some(("roost.toml", "listen = \"there\"\n[pool]\nsize = 4")), |name| (name == "X_POOL").then(|| "5".into()))
                .unwrap();
        assert_eq!(config, Config { listen: "there".into(), pool: Pool { size: 5 } });
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let error =
            load::<Config>(DEFAULTS, Some(("roost.toml", "colour = 1\nlisten = 2")), |name| (name == "X_POOL").then(|| "many".into()))
                .unwrap_err();
        assert_eq!(error.0.len(), 3, "{error}");
        assert!(error.to_string().contains("X_POOL=\"many\" must be a whole number, e.g. 3"), "{error}");
    }

    #[test]
    fn the_reference_names_every_setting() {
        let text = reference(DEFAULTS).unwrap();
        assert!(text.contains("| `pool.size` | `X_POOL` | `3` | How many. |"), "{text}");
    }
}
