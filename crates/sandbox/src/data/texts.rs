//! The texts of `texts.toml`: as they are, and as they stand in JSON.

use std::sync::LazyLock;

use serde::Deserialize;

/// Everything that simulated clips and people are called.
pub(crate) static TEXTS: LazyLock<Texts> = LazyLock::new(|| {
    toml::from_str(include_str!("texts.toml")).expect("texts.toml is part of the program")
});

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Texts {
    /// Most clips get a number behind theirs.
    pub(crate) titles: Vec<String>,
    pub(crate) descriptions: Vec<String>,
    pub(crate) tags: Vec<String>,
    pub(crate) first_names: Vec<String>,
    pub(crate) last_names: Vec<String>,
    pub(crate) departments: Vec<String>,
}

/// The texts of clips as they stand in JSON, without the quotes around them.
#[derive(Debug)]
pub(crate) struct EscapedTexts {
    pub(crate) titles: Vec<String>,
    pub(crate) descriptions: Vec<String>,
    pub(crate) tags: Vec<String>,
}

impl EscapedTexts {
    pub(crate) fn new() -> EscapedTexts {
        let all = |texts: &[String]| texts.iter().map(|text| escape(text)).collect();
        EscapedTexts {
            titles: all(&TEXTS.titles),
            descriptions: all(&TEXTS.descriptions),
            tags: all(&TEXTS.tags),
        }
    }
}

fn escape(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    let inner = quoted
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    inner.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_texts_read_back() {
        let escaped = EscapedTexts::new();
        for (raw, text) in TEXTS.titles.iter().zip(&escaped.titles) {
            let back: String = serde_json::from_str(&format!("\"{text}\"")).unwrap();
            assert_eq!(&back, raw);
        }
    }
}
