//! Charts over months: bars for what each one added, an area for what there was by then.

use plotters::prelude::*;

use crate::report::html::bars::{BAR, MUTED, RULE, letters};

const HEIGHT: u32 = 190;
const VALUE_AREA: u32 = 66;
const MONTH_AREA: u32 = 28;

/// One month of a chart.
#[derive(Debug)]
pub(super) struct Point {
    /// Such as `2024-10`.
    pub(super) month: String,
    pub(super) value: f64,
}

/// How the months are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// A bar a month.
    Bars,
    /// One area below a line.
    Area,
}

/// The months as SVG of this width in pixels. `number` writes a value for people. `None` without
/// months.
pub(super) fn timeline(
    points: &[Point],
    shape: Shape,
    number: &dyn Fn(f64) -> String,
    width: u32,
) -> Option<String> {
    let count = i32::try_from(points.len())
        .ok()
        .filter(|count| *count > 0)?;
    let top = points.iter().map(|point| point.value).fold(0.0, f64::max);
    let top = if top > 0.0 { top * 1.05 } else { 1.0 };
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (width, HEIGHT)).into_drawing_area();
        let mut chart = ChartBuilder::on(&root)
            .margin_top(8)
            .margin_right(14)
            .x_label_area_size(MONTH_AREA)
            .y_label_area_size(VALUE_AREA)
            // A range of one segment has no width.
            .build_cartesian_2d((0..(count - 1).max(1)).into_segmented(), 0.0..top)
            .ok()?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(RULE)
            .axis_style(RULE)
            .y_labels(5)
            .y_label_style(letters(&MUTED))
            .y_label_formatter(&|value| number(*value))
            .x_labels(points.len())
            .x_label_style(letters(&MUTED))
            .x_label_formatter(&|segment| match segment {
                SegmentValue::CenterOf(at) => label(points, *at),
                _ => String::new(),
            })
            .set_all_tick_mark_size(4)
            .draw()
            .ok()?;
        let rows = || (0..count).zip(points.iter().map(|point| point.value));
        match shape {
            Shape::Bars => chart
                .draw_series(rows().map(|(at, value)| {
                    let corners = [
                        (SegmentValue::Exact(at), 0.0),
                        (SegmentValue::Exact(at + 1), value),
                    ];
                    let mut bar = Rectangle::new(corners, BAR.filled());
                    bar.set_margin(0, 0, 1, 1);
                    bar
                }))
                .ok()?,
            Shape::Area => chart
                .draw_series(
                    AreaSeries::new(
                        rows().map(|(at, value)| (SegmentValue::CenterOf(at), value)),
                        0.0,
                        BAR.mix(0.2),
                    )
                    .border_style(BAR.stroke_width(2)),
                )
                .ok()?,
        };
        root.present().ok()?;
    }
    Some(svg)
}

/// Of few months every other name; of many the years, where they begin.
fn label(points: &[Point], at: i32) -> String {
    const FEW: usize = 12;
    let at = usize::try_from(at).unwrap_or(usize::MAX);
    let Some(point) = points.get(at) else {
        return String::new();
    };
    if points.len() <= FEW {
        let is_named = (points.len() - 1 - at).is_multiple_of(3);
        return if is_named {
            point.month.clone()
        } else {
            String::new()
        };
    }
    let year = point.month.strip_suffix("-01");
    year.unwrap_or_default().to_owned()
}
