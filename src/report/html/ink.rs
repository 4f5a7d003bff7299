//! The colours and letters of charts. The style sheet gives each colour its dark twin.

use plotters::prelude::RGBColor;
use plotters::prelude::TextStyle;
use plotters::style::text_anchor::HPos;
use plotters::style::text_anchor::Pos;
use plotters::style::text_anchor::VPos;

pub(super) const INK: RGBColor = RGBColor(0x1c, 0x24, 0x30);
pub(super) const MUTED: RGBColor = RGBColor(0x56, 0x61, 0x70);
pub(super) const RULE: RGBColor = RGBColor(0xdd, 0xe2, 0xe8);
pub(super) const BAR: RGBColor = RGBColor(0x2f, 0x6f, 0xb5);

/// The library divides sizes by this when it writes SVG.
const SVG_FONT_SCALE: f64 = 1.24;

/// Letters of 12 pixels; the page's own family takes the place of the one named here.
pub(super) fn letters(colour: &RGBColor) -> TextStyle<'_> {
    TextStyle::from(("sans-serif", 12.0 * SVG_FONT_SCALE)).color(colour)
}

/// Letters that begin at their point and are centred on its height.
pub(super) fn letters_after(colour: &RGBColor) -> TextStyle<'_> {
    letters(colour).pos(Pos::new(HPos::Left, VPos::Center))
}
