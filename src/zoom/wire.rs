//! The wire format of an answer: which records a page holds, what comes after it, how many there
//! are in all. What a record means is for others to say.

use std::borrow::Cow;
use std::fmt;
use std::fmt::Write;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// One page of a list.
#[derive(Debug)]
pub struct Page<'a> {
    /// The records as they were sent, in their order.
    pub records: Vec<&'a RawValue>,
    /// What asks for the page after this one; none on the last.
    pub next_page_token: Option<PageToken>,
    /// How many records the whole list holds, if it was said in a usable way.
    pub total_records: Option<u64>,
    /// The page size that the service applied, if it was said in a usable way.
    pub page_size: Option<u64>,
}

/// The most records of a page: of clips and accounts 300 are asked for, of users 2000. Each of more would
/// take many times its length in memory.
const MOST_RECORDS: usize = 10_000;

/// The longest page token that is sent back, in bytes: more does not fit into the head of a request.
const LONGEST_PAGE_TOKEN: usize = 4096;

/// The value of `next_page_token`: never shown, as whoever holds it can read on.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PageToken(String);

impl PageToken {
    /// Wraps a page token.
    #[must_use]
    pub fn new(token: impl Into<String>) -> Self {
        Self(token.into())
    }

    /// The token, only to be sent to the service.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PageToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PageToken(..)")
    }
}

impl fmt::Display for PageToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(page token)")
    }
}

/// Why a body is no page. No message quotes a value of the body, except the service's own message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// It does not parse.
    #[error("the answer is no JSON object: {why}")]
    Malformed {
        /// What is wrong, and where.
        why: String,
    },
    /// A success status with an error inside.
    #[error("the answer carries error code {code}: {message}")]
    ErrorCode {
        /// The service's code, never 0.
        code: i64,
        message: String,
    },
    /// The array of records is missing, or is no array.
    #[error("the answer has no array `{key}`")]
    MissingRecords {
        /// The name it should have.
        key: String,
    },
    /// It is no page of the size that was asked for.
    #[error("the answer has more than {MOST_RECORDS} records")]
    TooManyRecords,
    /// There is something in place of a page token, so it is not known whether there is more.
    #[error("the answer's next_page_token is no string of at most {LONGEST_PAGE_TOKEN} bytes")]
    BadPageToken,
}

impl WireError {
    /// From a JSON error, without the values that its message may quote.
    #[must_use]
    pub fn malformed(error: &serde_json::Error) -> Self {
        let what = match error.classify() {
            serde_json::error::Category::Eof => "it is cut short",
            serde_json::error::Category::Data => "unexpected type",
            serde_json::error::Category::Syntax | serde_json::error::Category::Io => "syntax error",
        };
        Self::Malformed {
            why: format!("{what} at line {} column {}", error.line(), error.column()),
        }
    }
}

/// The most bytes that repairs may add to a body, which six of a byte would be without a bound. A body
/// that would need more is broken throughout, and no JSON.
const MOST_ADDED: usize = 4 << 20;

/// A body as text: invalid UTF-8 is replaced, and whether any was; a byte order mark is dropped, and
/// a raw control character within a string is escaped, which the grammar of JSON wants and of which
/// there is only one reading. Where that would make it far longer it is cut off, and so is no JSON.
#[must_use]
pub(crate) fn text(body: &[u8]) -> (Cow<'_, str>, bool) {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let (text, is_repaired) = match std::str::from_utf8(body) {
        Ok(text) => (Cow::Borrowed(text), false),
        Err(_) => (Cow::Owned(with_invalid_replaced(body)), true),
    };
    let escaped = with_control_characters_escaped(&text);
    (escaped.map_or(text, Cow::Owned), is_repaired)
}

fn with_invalid_replaced(body: &[u8]) -> String {
    let mut text = String::with_capacity(body.len());
    for chunk in body.utf8_chunks() {
        if text.len() > body.len() + MOST_ADDED {
            break;
        }
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }
    text
}

/// The text with the raw control characters of its strings escaped; `None` if there are none.
fn with_control_characters_escaped(text: &str) -> Option<String> {
    // Most bodies hold none at all, not even between their values.
    if !text.bytes().any(|byte| byte < b' ') {
        return None;
    }
    let mut escaped = String::new();
    let mut kept = 0;
    let mut is_in_string = false;
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => is_in_string = !is_in_string,
            // What a backslash stands before, a control character too, is not to be read as another.
            '\\' if is_in_string => _ = characters.next(),
            '\0'..='\u{1f}' if is_in_string => {
                if escaped.len() > at + MOST_ADDED {
                    return Some(escaped);
                }
                escaped.push_str(text.get(kept..at)?);
                // Writing to a string does not fail.
                _ = write!(escaped, "\\u{:04x}", u32::from(character));
                kept = at + 1;
            }
            _ => {}
        }
    }
    (kept > 0).then(|| escaped + text.get(kept..).unwrap_or_default())
}

impl<'a> Page<'a> {
    /// Reads a page whose records stand under `records_key`. A key that comes twice counts as it
    /// comes last; unknown keys are passed over; records may be nested to any depth.
    ///
    /// # Errors
    /// If the body is no JSON object, carries an error code, has no array of records, or has
    /// something other than a string, null or nothing as its page token.
    pub fn parse(body: &'a str, records_key: &str) -> Result<Self, WireError> {
        let mut deserializer = serde_json::Deserializer::from_str(body);
        let fields =
            serde::Deserializer::deserialize_map(&mut deserializer, Object { records_key })
                .and_then(|fields| deserializer.end().map(|()| fields))
                .map_err(|error| WireError::malformed(&error))?;
        fields.page(records_key)
    }
}

/// The top level of an answer, before it is judged.
#[derive(Default)]
struct Fields<'a> {
    records: Option<Vec<&'a RawValue>>,
    next_page_token: Option<&'a RawValue>,
    total_records: Option<&'a RawValue>,
    page_size: Option<&'a RawValue>,
    code: Option<&'a RawValue>,
    message: Option<&'a RawValue>,
}

impl<'a> Fields<'a> {
    fn page(self, records_key: &str) -> Result<Page<'a>, WireError> {
        match self.code.map(code) {
            None | Some(Some(0)) => {}
            Some(Some(code)) => {
                let message = self.message.and_then(string).unwrap_or_default();
                return Err(WireError::ErrorCode { code, message });
            }
            Some(None) => {
                return Err(WireError::Malformed {
                    why: "its `code` is no number".to_owned(),
                });
            }
        }
        let records = self.records.ok_or_else(|| WireError::MissingRecords {
            key: records_key.to_owned(),
        })?;
        if records.len() > MOST_RECORDS {
            return Err(WireError::TooManyRecords);
        }
        let next_page_token = match self.next_page_token {
            None => None,
            Some(raw) if raw.get() == "null" => None,
            Some(raw) => {
                let token = string(raw).filter(|token| token.len() <= LONGEST_PAGE_TOKEN);
                Some(token.ok_or(WireError::BadPageToken)?)
            }
        };
        Ok(Page {
            records,
            next_page_token: next_page_token
                .filter(|token| !token.is_empty())
                .map(PageToken),
            total_records: self.total_records.and_then(count),
            page_size: self.page_size.and_then(count),
        })
    }
}

fn string(raw: &RawValue) -> Option<String> {
    serde_json::from_str(raw.get()).ok()
}

/// The text of a number, or of a string that may hold one.
fn numeral(raw: &RawValue) -> Cow<'_, str> {
    string(raw).map_or(Cow::Borrowed(raw.get()), Cow::Owned)
}

/// An error code: a number or a numeric string; null and "" are 0.
fn code(raw: &RawValue) -> Option<i64> {
    match numeral(raw).trim() {
        "null" | "" => Some(0),
        text => text.parse().ok(),
    }
}

/// The largest count that is believed: nobody has more, and sums of such counts cannot overflow.
const LARGEST_COUNT: u64 = 1_000_000_000_000;

/// A count: a number or numeric string, integral, from 0 to [`LARGEST_COUNT`].
fn count(raw: &RawValue) -> Option<u64> {
    let text = numeral(raw);
    let text = text.trim();
    if let Ok(count) = text.parse::<u64>() {
        return (count <= LARGEST_COUNT).then_some(count);
    }
    let number: f64 = text.parse().ok()?;
    if number < 0.0 || number.fract() != 0.0 {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "not negative, and the cast stops at the end of the range"
    )]
    let count = number as u64;
    (count <= LARGEST_COUNT).then_some(count)
}

struct Object<'k> {
    records_key: &'k str,
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
        let mut fields = Fields::default();
        while let Some(key) = map.next_key_seed(Key(self.records_key))? {
            match key {
                Field::Records => fields.records = map.next_value_seed(Records)?,
                Field::NextPageToken => fields.next_page_token = Some(map.next_value()?),
                Field::TotalRecords => fields.total_records = Some(map.next_value()?),
                Field::PageSize => fields.page_size = Some(map.next_value()?),
                Field::Code => fields.code = Some(map.next_value()?),
                Field::Message => fields.message = Some(map.next_value()?),
                Field::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(fields)
    }
}

enum Field {
    Records,
    NextPageToken,
    TotalRecords,
    PageSize,
    Code,
    Message,
    Other,
}

struct Key<'k>(&'k str);

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Field;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Field, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Field;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Field, E> {
        Ok(match key {
            _ if key == self.0 => Field::Records,
            "next_page_token" => Field::NextPageToken,
            "total_records" => Field::TotalRecords,
            "page_size" => Field::PageSize,
            "code" => Field::Code,
            "message" => Field::Message,
            _ => Field::Other,
        })
    }
}

/// The array of records; none for any other value.
struct Records;

impl<'de> DeserializeSeed<'de> for Records {
    type Value = Option<Vec<&'de RawValue>>;

    fn deserialize<D: serde::Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Records {
    type Value = Option<Vec<&'de RawValue>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut records = Vec::new();
        while let Some(record) = seq.next_element()? {
            records.push(record);
            // One more than may be tells that there are too many.
            if records.len() > MOST_RECORDS {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
            }
        }
        Ok(Some(records))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests;
