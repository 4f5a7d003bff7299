//! A chart of horizontal bars, each with its name and its number; the colours and letters of all
//! charts.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::report::page::plain::{fit, width};

/// The colours of all charts. The style sheet has a dark twin of each.
const INK: RGBColor = RGBColor(0x1c, 0x24, 0x30);
pub(super) const MUTED: RGBColor = RGBColor(0x56, 0x61, 0x70);
pub(super) const RULE: RGBColor = RGBColor(0xdd, 0xe2, 0xe8);
pub(super) const BAR: RGBColor = RGBColor(0x2f, 0x6f, 0xb5);

/// Pixels from one bar to the next.
const STEP: u32 = 24;
/// Pixels for a number beside its bar.
const NUMBERS: u32 = 76;
/// Pixels above and below a bar.
const SPACE: u32 = 4;
/// Pixels between a name and its bar.
const GAP: u32 = 6;
/// Half pixels for a letter of a name.
const LETTER: u32 = 18;
/// Letters of a name, at most.
const LONGEST: u32 = 40;

#[derive(Debug)]
pub(super) struct Bar {
    pub(super) name: String,
    pub(super) value: f64,
    /// The value as people read it.
    pub(super) number: String,
}

/// The bars as SVG of this width in pixels, the first one on top. `None` without bars.
pub(super) fn bars(bars: &[Bar], pixels: u32) -> Option<String> {
    let count = i32::try_from(bars.len()).ok().filter(|count| *count > 0)?;
    let names: Vec<String> = bars
        .iter()
        .map(|bar| {
            let columns = usize::try_from((pixels / LETTER).min(LONGEST)).unwrap_or(0);
            fit_name(&bar.name, columns)
        })
        .collect();
    let longest = names.iter().map(|name| width(name)).max()?;
    let name_area = u32::try_from(longest).ok()? * LETTER / 2 + GAP;
    let top = bars.iter().map(|bar| bar.value).fold(0.0, f64::max);
    let top = if top > 0.0 { top } else { 1.0 };
    // The axis goes up.
    let place = |row: i32| count - 1 - row;

    let mut svg = String::new();
    {
        let height = STEP * u32::try_from(count).ok()?;
        let root = SVGBackend::with_string(&mut svg, (pixels, height)).into_drawing_area();
        let mut chart = ChartBuilder::on(&root)
            .margin_right(NUMBERS)
            .y_label_area_size(name_area)
            .build_cartesian_2d(0.0..top, (0..count - 1).into_segmented())
            .ok()?;
        chart
            .configure_mesh()
            .disable_mesh()
            .disable_x_axis()
            .y_labels(bars.len())
            .y_label_style(letters(&INK))
            .y_label_formatter(&|segment| match segment {
                SegmentValue::CenterOf(at) => usize::try_from(place(*at))
                    .ok()
                    .and_then(|row| names.get(row).cloned())
                    .unwrap_or_default(),
                _ => String::new(),
            })
            .axis_style(TRANSPARENT)
            .set_all_tick_mark_size(GAP)
            .draw()
            .ok()?;
        let rows = || (0..count).zip(bars);
        chart
            .draw_series(rows().map(|(row, bar)| {
                let edge = |place| SegmentValue::Exact(place);
                let corners = [(0.0, edge(place(row))), (bar.value, edge(place(row) + 1))];
                let mut bar = Rectangle::new(corners, BAR.filled());
                bar.set_margin(SPACE, SPACE, 0, 0);
                bar
            }))
            .ok()?;
        let numbers = letters_after(&MUTED);
        chart
            .draw_series(rows().map(|(row, bar)| {
                EmptyElement::at((bar.value, SegmentValue::CenterOf(place(row))))
                    + Text::new(bar.number.clone(), (6, 0), numbers.clone())
            }))
            .ok()?;
        root.present().ok()?;
    }
    Some(svg)
}

/// A name in so many columns. What stands in parentheses tells it from others, and is cut last.
fn fit_name(name: &str, columns: usize) -> String {
    let parts = name.split_once(" (").filter(|_| width(name) > columns);
    let Some((first, mark)) = parts else {
        return fit(name, columns);
    };
    let mark = format!(" ({mark}");
    let room = columns.saturating_sub(width(&mark));
    fit(&format!("{}{mark}", fit(first, room.max(4))), columns)
}

/// The library divides sizes by this when it writes SVG.
const SVG_FONT_SCALE: f64 = 1.24;

/// Letters of 12 pixels; the page's own family takes the place of the one named here.
pub(super) fn letters(colour: &RGBColor) -> TextStyle<'_> {
    TextStyle::from(("sans-serif", 12.0 * SVG_FONT_SCALE)).color(colour)
}

/// Letters that begin at their point and are centred on its height.
fn letters_after(colour: &RGBColor) -> TextStyle<'_> {
    letters(colour).pos(Pos::new(HPos::Left, VPos::Center))
}

#[cfg(test)]
mod tests {
    use super::fit_name;

    #[test]
    fn what_tells_two_of_one_name_apart_is_cut_last() {
        assert_eq!(fit_name("Jo Ng (jo.ng2)", 20), "Jo Ng (jo.ng2)");
        assert_eq!(fit_name("Josephine Ng (jo.ng2)", 15), "Josep… (jo.ng2)");
        assert_eq!(fit_name("A long name and no mark", 8), "A long …");
    }
}
