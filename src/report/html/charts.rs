//! Which figures of the summary are drawn, and how.

use maud::{Markup, PreEscaped, html};

use crate::report::bytes::Bytes;
use crate::report::html::bars::{Bar, bars};
use crate::report::html::table::shown;
use crate::report::html::timeline::{Point, Shape, timeline};
use crate::report::page::lists::{age_name, department_name, is_shown, value_name};
use crate::report::page::names::Names;
use crate::report::page::numbers::{count, size};
use crate::report::summary::{MonthCount, Summary};

/// Owners in their chart.
const OWNERS: usize = 15;
/// Months in a chart; those before are part of what there was so far.
pub(super) const MONTHS: usize = 60;

/// Widths in pixels: on a phone, beside a table, half of a wide page, all of it.
const NARROW: u32 = 340;
const BESIDE: u32 = 420;
const HALF: u32 = 500;
const FULL: u32 = 1_040;

pub(super) fn owners(summary: &Summary, names: &Names<'_>) -> Markup {
    let all: Vec<Bar> = summary
        .owners
        .iter()
        .take(OWNERS)
        .map(|owner| by_size(&names.shortest(owner), owner.bytes))
        .collect();
    figure("Stored by the owners with the most bytes", FULL, |width| {
        bars(&all, width)
    })
}

pub(super) fn departments(summary: &Summary) -> Markup {
    let all: Vec<Bar> = summary
        .departments
        .iter()
        .take(OWNERS)
        .map(|usage| by_size(department_name(usage), usage.bytes))
        .collect();
    figure("Stored by department", BESIDE, |width| bars(&all, width))
}

pub(super) fn statuses(summary: &Summary) -> Markup {
    let all: Vec<Bar> = summary
        .statuses
        .iter()
        .filter(|entry| is_shown(entry.kind, entry.clips))
        .map(|entry| {
            by_clips(
                &value_name(entry.status.as_deref(), entry.kind),
                entry.clips,
            )
        })
        .collect();
    figure("Clips by status", BESIDE, |width| bars(&all, width))
}

pub(super) fn scopes(summary: &Summary) -> Markup {
    let all: Vec<Bar> = summary
        .share_scopes
        .iter()
        .filter(|entry| is_shown(entry.kind, entry.clips))
        .map(|entry| {
            by_clips(
                &value_name(entry.share_scope.as_deref(), entry.kind),
                entry.clips,
            )
        })
        .collect();
    figure("Clips by who can open their link", BESIDE, |width| {
        bars(&all, width)
    })
}

pub(super) fn ages(summary: &Summary) -> Markup {
    let all: Vec<Bar> = summary
        .ages
        .iter()
        .map(|age| by_size(&age_name(age), age.bytes))
        .collect();
    figure("Stored by age", BESIDE, |width| bars(&all, width))
}

/// Four charts: clips and bytes, by month and so far.
pub(super) fn growth(summary: &Summary) -> Markup {
    let earlier = summary.months.len().saturating_sub(MONTHS);
    let months = summary.months.get(earlier..).unwrap_or_default();
    let chart = |title: &str, shape, value: fn(&MonthCount) -> f64, number: fn(f64) -> String| {
        let points: Vec<Point> = months
            .iter()
            .map(|month| Point {
                month: month.month.clone(),
                value: value(month),
            })
            .collect();
        figure(title, HALF, |width| {
            timeline(&points, shape, &number, width)
        })
    };
    html! {
        div.columns {
            (chart("Stored so far, by month of creation", Shape::Area, |month| float(month.bytes_so_far.0), tick_size))
            (chart("Clips so far, by month of creation", Shape::Area, |month| float(month.clips_so_far.into()), tick_count))
            (chart("Stored, added each month", Shape::Bars, |month| float(month.bytes.0), tick_size))
            (chart("Clips, added each month", Shape::Bars, |month| float(month.clips.into()), tick_count))
        }
    }
}

/// A chart, drawn once for a wide page and once for a phone; the style sheet shows one of them.
/// Its numbers stand in a table beside it, so that the caption is enough of a description.
fn figure(caption: &str, wide: u32, draw: impl Fn(u32) -> Option<String>) -> Markup {
    let (Some(wide), Some(narrow)) = (draw(wide), draw(NARROW)) else {
        return Markup::default();
    };
    html! {
        figure {
            figcaption { (caption) }
            div.wide role="img" aria-label=(format!("Chart: {caption}")) { (PreEscaped(wide)) }
            div.narrow role="img" aria-label=(format!("Chart: {caption}")) { (PreEscaped(narrow)) }
        }
    }
}

fn by_size(name: &str, bytes: Bytes) -> Bar {
    Bar {
        name: shown(name),
        value: float(bytes.0),
        number: size(bytes),
    }
}

fn by_clips(name: &str, clips: u64) -> Bar {
    Bar {
        name: shown(name),
        value: float(clips.into()),
        number: count(clips),
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a chart is not exact to the byte"
)]
fn float(number: u128) -> f64 {
    number as f64
}

fn tick_size(value: f64) -> String {
    size(Bytes(whole(value))).replace(".0 ", " ")
}

fn tick_count(value: f64) -> String {
    count(u64::try_from(whole(value)).unwrap_or(u64::MAX))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "values of an axis begin at 0, and the cast stops at the end of the range"
)]
fn whole(value: f64) -> u128 {
    value.round() as u128
}
