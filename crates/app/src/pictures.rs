//! Pictures from outside: sniffed, bounded, turned upright, re-encoded (which
//! drops EXIF with its places and names) in several sizes.

use std::io::Cursor;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fast_image_resize::images::Image;
use fast_image_resize::{ResizeOptions, Resizer};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use crate::error::{Error, Result};

/// The largest file taken, in bytes.
pub const MAX_BYTES: usize = 12 * 1024 * 1024;
/// The largest picture taken, in pixels.
pub const MAX_PIXELS: u64 = 50_000_000;
/// Widths that photographs are kept in, in pixels; never enlarged.
pub const WIDTHS: [u32; 4] = [320, 640, 1280, 1920];
/// Width and height of avatars, in pixels.
const AVATAR: u32 = 256;
const QUALITY: f32 = 80.0;

/// Decoding takes memory: two at a time.
static AT_A_TIME: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(2));

/// A file to keep.
#[derive(Debug, Clone)]
pub struct Encoded {
    /// Its name in the blob store, made from its content.
    pub name: String,
    /// WebP or JPEG.
    pub bytes: Vec<u8>,
    /// In pixels.
    pub width: u32,
}

/// A photograph in all its sizes.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// SHA-256 of the largest, in hexadecimal.
    pub hash: String,
    /// Of the largest, in pixels.
    pub width: u32,
    /// Of the largest, in pixels.
    pub height: u32,
    /// A blur of some 25 bytes, base64.
    pub thumbhash: String,
    /// WebP, narrow to wide.
    pub sizes: Vec<Encoded>,
    /// One JPEG of at most 1280 pixels width for old readers.
    pub jpeg: Encoded,
}

async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let _permit = AT_A_TIME.acquire().await.map_err(|error| Error::Internal(error.into()))?;
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::Internal(error.into()))?
}

/// Makes a photograph ready to be kept.
///
/// # Errors
/// 413, 415 or 422 for what is no picture we take.
pub async fn photo(bytes: Vec<u8>) -> Result<Prepared> {
    off_thread(move || prepare(&decode(&bytes)?)).await
}

/// Makes a square picture of a person ready to be kept.
///
/// # Errors
/// As [`photo`].
pub async fn avatar(bytes: Vec<u8>) -> Result<Encoded> {
    off_thread(move || {
        let picture = decode(&bytes)?;
        let square = resize(&picture, AVATAR, AVATAR, true)?;
        let bytes = webp(&square);
        Ok(Encoded { name: format!("{}-avatar.webp", hex(&bytes)), bytes, width: AVATAR })
    })
    .await
}

/// Decodes and turns upright.
fn decode(bytes: &[u8]) -> Result<DynamicImage> {
    if bytes.len() > MAX_BYTES {
        return Err(Error::TooLarge(format!("a picture may have at most {} MB", MAX_BYTES >> 20)));
    }
    let broken = |error: image::ImageError| match error {
        image::ImageError::Limits(_) => too_many_pixels(),
        other => Error::invalid("/file", "broken_picture", format!("the picture cannot be read: {other}")),
    };
    // By content: names and declared types prove nothing.
    let format = image::guess_format(bytes)
        .ok()
        .filter(|f| matches!(f, ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP | ImageFormat::Gif));
    let format = format.ok_or_else(|| Error::UnsupportedMedia("pictures are JPEG, PNG, WebP or GIF".into()))?;
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_image_width = Some(30_000);
    limits.max_image_height = Some(30_000);
    limits.max_alloc = Some(512 << 20);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(broken)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(too_many_pixels());
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(broken)?;
    picture.apply_orientation(orientation);
    Ok(DynamicImage::ImageRgb8(flatten(&picture)))
}

fn too_many_pixels() -> Error {
    Error::invalid("/file", "too_many_pixels", format!("a picture may have at most {} megapixels", MAX_PIXELS / 1_000_000))
}

/// Puts transparent pictures on white.
fn flatten(picture: &DynamicImage) -> image::RgbImage {
    if !picture.color().has_alpha() {
        return picture.to_rgb8();
    }
    let source = picture.to_rgba8();
    let mut flat = image::RgbImage::new(source.width(), source.height());
    for (to, from) in flat.pixels_mut().zip(source.pixels()) {
        let alpha = u32::from(from.0[3]);
        let over = |channel: u8| u8::try_from((u32::from(channel) * alpha + 255 * (255 - alpha)) / 255).unwrap_or(255);
        to.0 = [over(from.0[0]), over(from.0[1]), over(from.0[2])];
    }
    flat
}

fn resize(picture: &DynamicImage, width: u32, height: u32, crop: bool) -> Result<DynamicImage> {
    let mut target = Image::new(width, height, fast_image_resize::PixelType::U8x3);
    let options = if crop { ResizeOptions::new().fit_into_destination(None) } else { ResizeOptions::new() };
    Resizer::new().resize(picture, &mut target, Some(&options)).map_err(|error| Error::Internal(error.into()))?;
    let pixels = image::RgbImage::from_raw(width, height, target.into_vec());
    pixels.map(DynamicImage::ImageRgb8).ok_or_else(|| Error::Internal(anyhow::anyhow!("resized picture has the wrong size")))
}

fn webp(picture: &DynamicImage) -> Vec<u8> {
    let pixels = picture.to_rgb8();
    webp::Encoder::from_rgb(&pixels, pixels.width(), pixels.height()).encode(QUALITY).to_vec()
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn prepare(picture: &DynamicImage) -> Result<Prepared> {
    let widest = picture.width().min(WIDTHS[3]);
    let mut widths: Vec<u32> = WIDTHS.iter().copied().filter(|width| *width < widest).collect();
    widths.push(widest);
    let height_for =
        |width: u32| u32::try_from(u64::from(picture.height()) * u64::from(width) / u64::from(picture.width())).unwrap_or(1).max(1);
    let mut sizes = Vec::new();
    for width in &widths {
        let sized = resize(picture, *width, height_for(*width), false)?;
        sizes.push(Encoded { name: String::new(), bytes: webp(&sized), width: *width });
    }
    let hash = sizes.last().map(|size| hex(&size.bytes)).unwrap_or_default();
    for size in &mut sizes {
        size.name = format!("{hash}-{}.webp", size.width);
    }
    let width = widest.min(WIDTHS[2]);
    let mut bytes = Vec::new();
    let medium = resize(picture, width, height_for(width), false)?;
    let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 82);
    medium.write_with_encoder(encoder).map_err(|error| Error::Internal(error.into()))?;
    let jpeg = Encoded { name: format!("{hash}-{width}.jpg"), bytes, width };
    Ok(Prepared { thumbhash: thumbhash_of(picture)?, hash, width: widest, height: height_for(widest), sizes, jpeg })
}

fn thumbhash_of(picture: &DynamicImage) -> Result<String> {
    let longest = picture.width().max(picture.height()).max(1);
    let scaled = |side: u32| (side * 100 / longest).max(1);
    let (width, height) = (scaled(picture.width()), scaled(picture.height()));
    let small = resize(picture, width, height, false)?.to_rgba8();
    Ok(STANDARD.encode(thumbhash::rgba_to_thumb_hash(width as usize, height as usize, &small)))
}
