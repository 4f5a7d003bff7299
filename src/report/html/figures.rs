//! The headline figures.

use maud::{Markup, html};

use crate::report::bytes::Bytes;
use crate::report::page::numbers::{count, duration, exact, percent, size, things};
use crate::report::summary::Summary;

/// A name, a large number, and what it comes with.
struct Figure {
    name: &'static str,
    number: String,
    note: String,
    is_alarming: bool,
}

pub(super) fn figures(summary: &Summary) -> Markup {
    let totals = &summary.totals;
    let reclaimable = &summary.reclaimable;
    let exposed = summary.exposure.exposed;
    let figure = |name, number, note| Figure {
        name,
        number,
        note,
        is_alarming: false,
    };
    let reclaimable_share = percent(reclaimable.bytes.percent_of(totals.bytes));
    let all = [
        figure("Stored", size(totals.bytes), exact(totals.bytes)),
        figure(
            "Clips",
            count(totals.clips),
            things(summary.account_ids.len() as u64, "account"),
        ),
        figure("Owners", count(totals.owners), top(summary)),
        figure(
            "Length",
            duration(totals.duration_seconds),
            average(summary),
        ),
        figure(
            "Reclaimable",
            size(reclaimable.bytes),
            format!(
                "{reclaimable_share}, {} in the trash or failed",
                things(reclaimable.clips, "clip")
            ),
        ),
        Figure {
            name: "Exposed",
            number: count(exposed.clips),
            note: format!("anyone with the link can watch, {}", size(exposed.bytes)),
            is_alarming: exposed.clips > 0,
        },
    ];
    html! {
        dl.figures {
            @for figure in &all {
                div {
                    dt { (figure.name) }
                    dd.large.alarm[figure.is_alarming] { (figure.number) }
                    @if !figure.note.is_empty() {
                        dd { (figure.note) }
                    }
                }
            }
        }
    }
}

/// What the largest owners hold together.
fn top(summary: &Summary) -> String {
    const TOP: usize = 10;
    let Some(top) = summary.owners.get(..TOP) else {
        return String::new();
    };
    let bytes = top
        .iter()
        .fold(Bytes(0), |sum, owner| sum.plus(owner.bytes));
    let share = percent(bytes.percent_of(summary.totals.bytes));
    format!("the first {TOP} hold {share}")
}

/// The length of a clip, on average.
#[expect(clippy::cast_precision_loss, reason = "it is shown to the second")]
fn average(summary: &Summary) -> String {
    let totals = &summary.totals;
    match totals.clips.saturating_sub(totals.clips_without_duration) {
        0 => String::new(),
        clips => format!(
            "{} on average",
            duration(totals.duration_seconds / clips as f64)
        ),
    }
}

/// The class of the verdict's badge.
pub(super) fn verdict_class(summary: &Summary) -> &'static str {
    match summary.proof.verdict.as_str() {
        "verified" => "verified",
        "unverified" => "unverified",
        _ => "incomplete",
    }
}
