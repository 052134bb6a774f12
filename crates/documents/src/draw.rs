//! Placed marks become a PDF.

use chrono::Datelike;
use krilla::color::rgb;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::{DateTime, Metadata};
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::{Fill, FillRule};
use krilla::surface::Surface;

use crate::layout::{HEIGHT, Ink, Mark, Page, WIDTH};
use crate::type_setting::Fonts;
use crate::{Document, RenderError};

fn fill(ink: Ink) -> Fill {
    let colour = match ink {
        Ink::Text => rgb::Color::new(0x23, 0x20, 0x1b),
        Ink::Quiet => rgb::Color::new(0x5e, 0x58, 0x4d),
        Ink::Brand => rgb::Color::new(0x1f, 0x4d, 0x45),
        Ink::Hairline => rgb::Color::new(0xd4, 0xc8, 0xb3),
    };
    Fill { paint: colour.into(), opacity: NormalizedF32::ONE, rule: FillRule::default() }
}

fn draw(surface: &mut Surface<'_>, mark: &Mark, fonts: &Fonts) {
    match mark {
        Mark::Text { x, y, size, weight, ink, text } => {
            let face = fonts.face(*weight);
            surface.set_fill(Some(fill(*ink)));
            surface.draw_glyphs(Point::from_xy(*x, *y), &face.glyphs(text), face.font.clone(), text, *size, false);
        }
        Mark::Rule { x, y, width, thickness, ink } => {
            let mut path = PathBuilder::new();
            if let Some(rect) = Rect::from_xywh(*x, *y - thickness / 2.0, *width, *thickness) {
                path.push_rect(rect);
            }
            if let Some(path) = path.finish() {
                surface.set_fill(Some(fill(*ink)));
                surface.draw_path(&path);
            }
        }
    }
}

fn metadata(document: &Document) -> Metadata {
    let date = document.issued_on;
    // Years before 0 and after 65535 are not ours.
    let created = DateTime::new(u16::try_from(date.year()).unwrap_or(1970))
        .month(u8::try_from(date.month()).unwrap_or(1))
        .day(u8::try_from(date.day()).unwrap_or(1));
    Metadata::new()
        .title(document.title.clone())
        .authors(vec![document.issuer.clone()])
        .language(document.language.clone())
        .creator("Roost".to_owned())
        .creation_date(created)
}

/// The pages as a PDF.
pub fn pdf(document: &Document, pages: &[Page], fonts: &Fonts) -> Result<Vec<u8>, RenderError> {
    let settings = PageSettings::from_wh(WIDTH, HEIGHT).ok_or_else(|| RenderError("no such page".into()))?;
    let mut pdf = krilla::Document::new();
    pdf.set_metadata(metadata(document));
    for marks in pages {
        let mut page = pdf.start_page_with(settings.clone());
        let mut surface = page.surface();
        for mark in marks {
            draw(&mut surface, mark, fonts);
        }
        surface.finish();
        page.finish();
    }
    pdf.finish().map_err(|error| RenderError(format!("{error:?}")))
}
