//! The frame of every page: one HTML file that loads nothing, with style and script in it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use crate::redact::hidden::push_visible;
use crate::report::html::table::shown;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// A page with this title and body. Its content security policy lets it load nothing but its own style and
/// script.
pub(super) fn document(title: &str, body: &Markup) -> String {
    let whole = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy());
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                meta name="robots" content="noindex";
                title { (shown(title)) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#main" { "Skip to the report" }
                (body)
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    plain(&whole.into_string())
}

/// The page without what steers a terminal or hides text, whichever part of it that came from.
fn plain(page: &str) -> String {
    let mut plain = String::with_capacity(page.len());
    for character in page.chars() {
        match character {
            '\n' => plain.push('\n'),
            other => push_visible(&mut plain, other),
        }
    }
    plain
}

/// What the page may load: its own style and script, by their hashes, and nothing else.
fn policy() -> String {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; \
         form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}
