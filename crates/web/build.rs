//! Embeds what pages load: checks third-party files against `assets/vendor.toml`, joins the style
//! sheets, names every file by its content and compresses it. Needs nothing but cargo.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use sha2::{Digest, Sha256};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    println!("cargo:rerun-if-changed=assets");
    println!("cargo:rerun-if-changed=locales");
    println!("cargo:rerun-if-changed=build.rs");
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("assets");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut sources = vendored(&root)?;
    for (name, bytes) in folder(&root.join("img"))? {
        sources.insert(name, bytes);
    }
    for (name, bytes) in folder(&root.join("js"))? {
        sources.insert(name, bytes);
    }
    let mut style = Vec::new();
    for (_, bytes) in folder(&root.join("css"))? {
        style.extend(bytes);
    }
    sources.insert("app.css".to_owned(), style);
    let mut pipeline = Pipeline { sources, named: BTreeMap::new() };
    let names: Vec<String> = pipeline.sources.keys().cloned().collect();
    for name in &names {
        pipeline.name(name, &mut Vec::new())?;
    }
    write_all(&out, &pipeline.named)?;
    catalogues(&out)
}

/// Every file of `locales/<tag>/` with its language.
fn catalogues(out: &Path) -> Result<(), Failure> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("locales");
    let mut found = Vec::new();
    for language in fs::read_dir(&root)? {
        let language = language?;
        for file in fs::read_dir(language.path())? {
            found.push((language.file_name().to_string_lossy().into_owned(), file?.path()));
        }
    }
    found.sort();
    let mut table = "/// Language and text of every catalogue.\nstatic CATALOGUES: &[(&str, &str)] = &[\n".to_owned();
    for (tag, path) in found {
        writeln!(table, "    ({tag:?}, include_str!({path:?})),")?;
    }
    Ok(fs::write(out.join("locales.rs"), table + "];\n")?)
}

/// Files of a folder by name, in order.
fn folder(path: &Path) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        files.insert(entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path())?);
    }
    Ok(files)
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Third-party files, each exactly as `vendor.toml` says.
fn vendored(root: &Path) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
    let list: toml::Table = toml::from_str(&fs::read_to_string(root.join("vendor.toml"))?)?;
    let mut files = BTreeMap::new();
    for (name, package) in &list {
        let sums = package.get("sha256").and_then(toml::Value::as_table).ok_or_else(|| format!("vendor.toml: {name} has no sha256"))?;
        for (file, sum) in sums {
            let bytes = fs::read(root.join("vendor").join(name).join(file))?;
            if sum.as_str() != Some(&hex(&bytes)) {
                return Err(format!("assets/vendor/{name}/{file} is not what vendor.toml says: its SHA-256 is {}", hex(&bytes)).into());
            }
            if file != "LICENSE" {
                files.insert(file.clone(), bytes);
            }
        }
    }
    Ok(files)
}

/// An asset under its public name.
struct Named {
    path: String,
    bytes: Vec<u8>,
}

struct Pipeline {
    sources: BTreeMap<String, Vec<u8>>,
    named: BTreeMap<String, Named>,
}

impl Pipeline {
    /// The public path of an asset: what it refers to is named first, so that its own name changes
    /// with theirs.
    fn name(&mut self, name: &str, under_way: &mut Vec<String>) -> Result<String, Failure> {
        if let Some(named) = self.named.get(name) {
            return Ok(named.path.clone());
        }
        if under_way.iter().any(|other| other == name) {
            return Err(format!("assets refer to each other in a circle: {} > {name}", under_way.join(" > ")).into());
        }
        let source =
            self.sources.get(name).cloned().ok_or_else(|| format!("{} refers to {name}, which is no asset", under_way.join(" > ")))?;
        let (stem, ending) = name.rsplit_once('.').ok_or_else(|| format!("{name} has no ending"))?;
        under_way.push(name.to_owned());
        let bytes = match ending {
            "css" | "js" => self.rewrite(&String::from_utf8(source)?, under_way)?.into_bytes(),
            _ => source,
        };
        under_way.pop();
        let path = format!("/a/{stem}.{}.{ending}", &hex(&bytes)[..10]);
        self.named.insert(name.to_owned(), Named { path: path.clone(), bytes });
        Ok(path)
    }

    /// Replaces `asset:NAME` in our own files by the public path.
    fn rewrite(&mut self, text: &str, under_way: &mut Vec<String>) -> Result<String, Failure> {
        let mut parts = text.split("asset:");
        let mut done = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let end = part.find(|c: char| !c.is_ascii_alphanumeric() && !"-_.".contains(c)).unwrap_or(part.len());
            let (name, rest) = part.split_at(end);
            done.push_str(&self.name(name, under_way)?);
            done.push_str(rest);
        }
        Ok(done)
    }
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        "woff2" => "font/woff2",
        "webp" => "image/webp",
        "png" => "image/png",
        _ => "application/octet-stream",
    }
}

/// Quick while developing, as small as can be in a release.
fn compressed(bytes: &[u8]) -> Result<(Vec<u8>, Vec<u8>), Failure> {
    let thorough = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let mut brotli = Vec::new();
    let quality = if thorough { 11 } else { 5 };
    brotli::CompressorWriter::new(&mut brotli, 1 << 16, quality, 22).write_all(bytes)?;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(bytes)?;
    Ok((brotli, gzip.finish()?))
}

fn write_all(out: &Path, assets: &BTreeMap<String, Named>) -> Result<(), Failure> {
    let mut constants = String::new();
    let mut table = format!("/// Every asset, in the order of their paths.\npub static ALL: [Asset; {}] = [\n", assets.len());
    let mut ordered: Vec<_> = assets.iter().collect();
    ordered.sort_by(|a, b| a.1.path.cmp(&b.1.path));
    for (name, asset) in ordered {
        let constant: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
        writeln!(constants, "/// Where `{name}` is fetched.\npub const {constant}: &str = {:?};", asset.path)?;
        let file = asset.path.trim_start_matches("/a/");
        fs::write(out.join(file), &asset.bytes)?;
        let packed = name.ends_with(".css") || name.ends_with(".js") || name.ends_with(".svg");
        let variant = |suffix: &str| format!("Some(include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{file}.{suffix}\")))");
        let (br, gz) = if packed {
            let (brotli, gzip) = compressed(&asset.bytes)?;
            fs::write(out.join(format!("{file}.br")), brotli)?;
            fs::write(out.join(format!("{file}.gz")), gzip)?;
            (variant("br"), variant("gz"))
        } else {
            ("None".to_owned(), "None".to_owned())
        };
        writeln!(
            table,
            "    Asset {{ path: {:?}, content_type: {:?}, bytes: include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{file}\")), brotli: {br}, gzip: {gz} }},",
            asset.path,
            content_type(name)
        )?;
    }
    fs::write(out.join("assets.rs"), format!("{constants}\n{table}];\n"))?;
    Ok(())
}
