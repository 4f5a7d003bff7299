//! One record of the API to one clip: exact, tolerant, and nothing dropped in silence.
//!
//! A value that does not fit its column leaves a null there, stays in `extra` as it was sent, and
//! is counted as a repair of its field. A record without a usable `clip_id` is a reject.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::clip::extra::Extra;
use crate::clip::fields::Fields;
use crate::clip::row::{Clip, SecretPolicy};
use crate::clip::value;
use crate::model::Micros;
use crate::redact::{redact_link, redact_text};

/// A clip, and what had to be repaired to make it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Normalised<'a> {
    pub clip: Clip<'a>,
    /// API fields whose value could not be used, in the order met; one entry a value.
    pub repairs: Vec<&'static str>,
}

/// Why a record is no clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Reject {
    /// A string, a number, an array, null.
    #[error("the record is not a JSON object")]
    NotAnObject,
    /// No `clip_id` at all, or null.
    #[error("the record has no clip_id")]
    NoClipId,
    /// The `clip_id` is no string, an empty one, longer than [`LONGEST_CLIP_ID`], or holds a NUL.
    #[error("the clip_id is unusable: not a string of 1 to 4096 bytes without NUL")]
    UnusableClipId,
}

/// The longest `clip_id` taken for one, in bytes. Real ones have about 40 to 120.
pub(crate) const LONGEST_CLIP_ID: usize = 4096;

/// The longest id of an owner or an account, name of one, status or share scope, in bytes: each that is
/// different is held in memory.
pub(crate) const LONGEST_NAME: usize = 4096;

/// Turns one record into a clip.
///
/// # Errors
/// A [`Reject`] where the record is no clip; the caller keeps the record aside.
pub(crate) fn normalise(
    record: &RawValue,
    secrets: SecretPolicy,
) -> Result<Normalised<'_>, Reject> {
    let fields = Fields::read(record).ok_or(Reject::NotAnObject)?;
    let mut reader = Reader {
        secrets,
        extra: Extra::new(secrets),
        repairs: Vec::new(),
    };
    let clip_id = usable_id(fields.clip_id)?;

    let mut clip = Clip {
        clip_id,
        owner_id: reader.name("owner_id", fields.owner_id),
        title: reader.text("title", fields.title),
        description: reader.text("description", fields.description),
        status: reader.name("status", fields.status),
        duration_seconds: reader.duration(fields.duration),
        file_size_bytes: reader.take("file_size", fields.file_size, value::file_size),
        created_at: reader.instant("created_date", fields.created_date),
        modified_at: reader.instant("modified_date", fields.modified_date),
        share_link: reader.link("share_link", fields.share_link),
        thumbnail_link: reader.link("thumbnail_link", fields.thumbnail_link),
        tags: reader.tags(fields.tags),
        ..Clip::default()
    };
    reader.share_link_settings(fields.share_link_settings, &mut clip);
    for (name, raw) in fields.repeated {
        reader.repair(name, raw);
    }
    for (name, raw) in fields.unknown {
        reader.extra.add(&name, raw);
    }
    clip.extra = reader.extra.into_json();
    Ok(Normalised {
        clip,
        repairs: reader.repairs,
    })
}

fn usable_id(raw: Option<&RawValue>) -> Result<Cow<'_, str>, Reject> {
    let raw = raw
        .filter(|raw| raw.get() != "null")
        .ok_or(Reject::NoClipId)?;
    value::text(raw)
        .filter(|id| !id.is_empty() && id.len() <= LONGEST_CLIP_ID)
        .ok_or(Reject::UnusableClipId)
}

/// Reads fields, and keeps what does not fit.
struct Reader {
    secrets: SecretPolicy,
    extra: Extra,
    repairs: Vec<&'static str>,
}

impl Reader {
    fn take<'a, T>(
        &mut self,
        name: &'static str,
        raw: Option<&'a RawValue>,
        read: impl Fn(&'a RawValue) -> Option<T>,
    ) -> Option<T> {
        let raw = raw.filter(|raw| raw.get() != "null")?;
        let value = read(raw);
        if value.is_none() {
            self.repair(name, raw);
        }
        value
    }

    fn repair(&mut self, name: &'static str, raw: &RawValue) {
        self.repairs.push(name);
        self.extra.add(name, raw);
    }

    /// Keeps what was sent where its column could not take all of it.
    fn keep_if(&mut self, is_needed: bool, name: &'static str, raw: Option<&RawValue>) {
        if let Some(raw) = raw.filter(|_| is_needed) {
            self.extra.add(name, raw);
        }
    }

    fn text<'a>(&mut self, name: &'static str, raw: Option<&'a RawValue>) -> Option<Cow<'a, str>> {
        let text = self.take(name, raw, value::text)?;
        Some(match self.secrets {
            SecretPolicy::Keep => text,
            SecretPolicy::Cut => redact_text(text),
        })
    }

    /// A text that is counted by: each that is different is held in memory.
    fn name<'a>(&mut self, name: &'static str, raw: Option<&'a RawValue>) -> Option<Cow<'a, str>> {
        let short = |raw| value::text(raw).filter(|text| text.len() <= LONGEST_NAME);
        let text = self.take(name, raw, short)?;
        Some(match self.secrets {
            SecretPolicy::Keep => text,
            SecretPolicy::Cut => redact_text(text),
        })
    }

    fn link<'a>(&mut self, name: &'static str, raw: Option<&'a RawValue>) -> Option<Cow<'a, str>> {
        let link = self.take(name, raw, value::text)?;
        Some(match self.secrets {
            SecretPolicy::Keep => link,
            SecretPolicy::Cut => redact_link(link),
        })
    }

    fn duration(&mut self, raw: Option<&RawValue>) -> Option<f64> {
        let duration = self.take("duration", raw, value::seconds)?;
        self.keep_if(duration.is_rounded, "duration", raw);
        Some(duration.seconds)
    }

    fn instant(&mut self, name: &'static str, raw: Option<&RawValue>) -> Option<Micros> {
        let instant = self.take(name, raw, value::instant)?;
        self.keep_if(instant.is_cut, name, raw);
        Some(instant.micros)
    }

    fn tags<'a>(&mut self, raw: Option<&'a RawValue>) -> Option<Vec<Cow<'a, str>>> {
        let tags = self.take("tags", raw, value::tags)?;
        self.keep_if(tags.had_more_than_names, "tags", raw);
        Some(match self.secrets {
            SecretPolicy::Keep => tags.names,
            SecretPolicy::Cut => tags.names.into_iter().map(redact_text).collect(),
        })
    }

    fn share_link_settings<'a>(&mut self, raw: Option<&'a RawValue>, clip: &mut Clip<'a>) {
        let Some(settings) = self.take("share_link_settings", raw, value::members) else {
            return;
        };
        let mut unused = self.extra.nested();
        let (mut scope, mut enabled, mut passcode) = (None, None, None);
        for (name, raw) in settings {
            let slot = match name.as_ref() {
                "share_scope" => &mut scope,
                "enable_passcode" => &mut enabled,
                "passcode" => &mut passcode,
                _ => {
                    unused.add(&name, raw);
                    continue;
                }
            };
            if let Some(former) = slot.replace(raw) {
                self.repairs.push("share_link_settings");
                unused.add(&name, former);
            }
        }
        let mut nested = Reader {
            secrets: self.secrets,
            extra: unused,
            repairs: std::mem::take(&mut self.repairs),
        };
        clip.share_scope = nested.name("share_scope", scope).map(corrected_scope);
        clip.passcode_enabled = nested.take("enable_passcode", enabled, value::boolean);
        clip.passcode = match self.secrets {
            SecretPolicy::Keep => nested.text("passcode", passcode),
            SecretPolicy::Cut => None,
        };
        self.repairs = nested.repairs;
        if let Some(json) = nested.extra.into_json() {
            self.extra.add_clean("share_link_settings", json);
        }
    }
}

/// The API spells one scope wrong, in its documentation and in its answers.
fn corrected_scope(scope: Cow<'_, str>) -> Cow<'_, str> {
    match scope.as_ref() {
        "SAME_ORGANIZATON" => Cow::Borrowed("SAME_ORGANIZATION"),
        _ => scope,
    }
}
