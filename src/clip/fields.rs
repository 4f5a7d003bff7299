//! The members of a record, sorted into the fields that the API documents and all others.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::Deserializer;
use serde::de::MapAccess;
use serde::de::Visitor;
use serde_json::value::RawValue;

use crate::clip::surrogate::without_halves;
use crate::clip::value;

/// The text of a member's name: borrowed unless it holds an escape. A name with half a surrogate
/// pair must not cost the record: there the escape's letters stand in.
fn name_text(quoted: &RawValue) -> Cow<'_, str> {
    value::text(quoted).unwrap_or_else(|| {
        serde_json::from_str(&without_halves(quoted.get()))
            .map_or(Cow::Borrowed(quoted.get()), Cow::Owned)
    })
}

macro_rules! documented_fields {
    ($($field:ident),+ $(,)?) => {
        /// The raw values of one record.
        #[derive(Debug, Default)]
        pub(super) struct Fields<'a> {
            $(pub(super) $field: Option<&'a RawValue>,)+
            /// Values of a documented field that stood before its last one: the last one counts.
            pub(super) repeated: Vec<(&'static str, &'a RawValue)>,
            /// Members that the API document does not name.
            pub(super) unknown: Vec<(Cow<'a, str>, &'a RawValue)>,
        }

        impl<'a> Fields<'a> {
            fn add(&mut self, name: Cow<'a, str>, raw: &'a RawValue) {
                match name.as_ref() {
                    $(stringify!($field) => {
                        if let Some(former) = self.$field.replace(raw) {
                            self.repeated.push((stringify!($field), former));
                        }
                    })+
                    _ => self.unknown.push((name, raw)),
                }
            }
        }
    };
}

documented_fields![
    clip_id,
    created_date,
    description,
    duration,
    file_size,
    modified_date,
    owner_id,
    share_link,
    share_link_settings,
    status,
    tags,
    thumbnail_link,
    title,
];

impl<'a> Fields<'a> {
    /// The members of a record; `None` if it is no object.
    pub(super) fn read(record: &'a RawValue) -> Option<Self> {
        serde_json::from_str(record.get()).ok()
    }
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Fields::default();
                while let Some((name, raw)) = map.next_entry::<&RawValue, &RawValue>()? {
                    fields.add(name_text(name), raw);
                }
                Ok(fields)
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// The members of an object in their order.
pub(super) struct Members<'a>(pub(super) Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor).map(Members)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::with_capacity(map.size_hint().unwrap_or(4));
        while let Some((name, raw)) = map.next_entry::<&RawValue, &RawValue>()? {
            members.push((name_text(name), raw));
        }
        Ok(members)
    }
}
