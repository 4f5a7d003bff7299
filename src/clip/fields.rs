//! The members of a record, sorted into the fields that the API documents and all others.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::clip::value::each_member;

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
        let mut fields = Self::default();
        each_member(record, |name, raw| fields.add(name, raw))?;
        Some(fields)
    }
}
