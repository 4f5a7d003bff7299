//! The page `report.html` in a real browser, headless; skipped with a message where there is none.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::support::{World, clips};

const DRIVER: &str = include_str!("browser/driver.js");

/// A browser that is installed here.
struct Browser(PathBuf);

/// What a browser made of a page.
struct Shown {
    /// The document after its scripts ran.
    dom: String,
    /// What it logged to the console.
    console: Vec<String>,
}

impl Browser {
    fn find() -> Option<Self> {
        const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];
        let path = std::env::var_os("PATH")?;
        let found = std::env::split_paths(&path)
            .flat_map(|folder| NAMES.map(|name| folder.join(name)))
            .find(|program| program.is_file());
        if found.is_none() {
            // Not by a macro, whose output the test runner keeps back.
            drop(writeln!(
                std::io::stderr(),
                "skipped: no Chromium is installed, so report.html is not tested in a browser"
            ));
        }
        found.map(Self)
    }

    fn open(&self, page: &Path) -> Shown {
        let profile = tempfile::tempdir().unwrap();
        let output = Command::new(&self.0)
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--enable-logging=stderr",
                "--window-size=1280,900",
                "--allow-file-access-from-files",
                "--hide-scrollbars",
                "--timeout=60000",
                "--dump-dom",
            ])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg(format!("file://{}", page.display()))
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        let console = stderr.lines().filter(|line| line.contains("CONSOLE"));
        Shown {
            dom: String::from_utf8(output.stdout).unwrap(),
            console: console.map(str::to_owned).collect(),
        }
    }
}

/// The page of a census of 3,000 clips.
fn page(world: &World) -> String {
    world.export().succeeds();
    let folder = world.out().join("_snapshots").join(world.date());
    fs::read_to_string(folder.join("report.html")).unwrap()
}

/// The page with the driver at its end, which its policy is told to let run.
fn driven(page: &str) -> String {
    let hash = STANDARD.encode(Sha256::digest(DRIVER));
    let allowed = page.replacen("script-src ", &format!("script-src 'sha256-{hash}' "), 1);
    assert_ne!(allowed, page, "the page has no policy on scripts");
    allowed.replacen("</body>", &format!("<script>{DRIVER}</script></body>"), 1)
}

/// A page that holds the driven page in a frame of this width, and takes its outcome over: a window
/// is never as narrow as a phone.
fn frame(page: &Path, width: u32) -> PathBuf {
    let frame = page.with_file_name("frame.html");
    let html = format!(
        "<!doctype html><iframe width='{width}' height='900' style='border: 0' src='page.html' \
         onload='document.body.append(this.contentDocument.getElementById(\"outcome\"))'></iframe>"
    );
    fs::write(&frame, html).unwrap();
    frame
}

fn outcome(shown: &Shown) -> Value {
    let (_, rest) = shown
        .dom
        .split_once(r#"<pre id="outcome">"#)
        .unwrap_or_else(|| {
            panic!(
                "the driver left nothing; the console says {:?}",
                shown.console
            )
        });
    let (json, _) = rest.split_once("</pre>").unwrap();
    let json = json
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&");
    serde_json::from_str(&json).unwrap()
}

fn sorted<T: PartialOrd + Clone>(values: &[T], before: impl Fn(&T, &T) -> bool) -> bool {
    values.windows(2).all(|pair| before(&pair[0], &pair[1]))
}

fn texts(list: &Value) -> Vec<String> {
    let list = list.as_array().unwrap().iter();
    list.map(|text| text.as_str().unwrap().to_owned()).collect()
}

fn numbers(list: &Value) -> Vec<f64> {
    let list = list.as_array().unwrap().iter();
    list.map(|number| number.as_f64().unwrap()).collect()
}

#[test]
fn the_page_shows_sorts_and_filters_and_logs_and_loads_nothing() {
    let Some(browser) = Browser::find() else {
        return;
    };
    let world = World::new(clips(3_000));
    let page = page(&world);
    let file = world.folder.path().join("page.html");

    fs::write(&file, &page).unwrap();
    let untouched = browser.open(&file);
    assert_eq!(untouched.console, Vec::<String>::new());
    assert!(
        untouched.dom.contains("<th scope=\"col\"><button"),
        "the script did not run"
    );

    fs::write(&file, driven(&page)).unwrap();
    let shown = browser.open(&file);
    assert_eq!(shown.console, Vec::<String>::new());
    let outcome = outcome(&shown);
    assert_eq!(outcome["loaded"], serde_json::json!([]));
    assert_eq!(outcome["unnamed"], serde_json::json!([]));
    assert_eq!(outcome["namedTwice"], serde_json::json!([]));

    let owners = texts(&outcome["owners"]);
    assert_eq!(owners.len(), 100);
    let down = &outcome["clipsDown"];
    assert_eq!(down["order"], "descending");
    assert!(sorted(&numbers(&down["values"]), |a, b| a >= b), "{down}");
    let up = &outcome["clipsUp"];
    assert_eq!(up["order"], "ascending");
    assert!(sorted(&numbers(&up["values"]), |a, b| a <= b), "{up}");
    let by_owner = &outcome["byOwner"];
    assert_eq!(by_owner["order"], "ascending");
    assert_eq!(
        by_owner["others"],
        Value::Null,
        "one column alone is the sorted one"
    );
    let names = texts(&by_owner["values"]);
    let lower = |name: &String| name.to_lowercase();
    assert!(sorted(&names, |a, b| lower(a) <= lower(b)), "{names:?}");

    assert_eq!(texts(&outcome["found"]["rows"]), [owners[0].clone()]);
    assert_eq!(outcome["found"]["said"], "1 of 100 rows");
    assert_eq!(outcome["nothing"]["said"], "0 of 100 rows");
    assert_eq!(texts(&outcome["again"]["rows"]).len(), 100);
}

#[test]
fn the_page_fits_a_phone_and_a_desk_with_one_drawing_of_each_chart() {
    let Some(browser) = Browser::find() else {
        return;
    };
    let world = World::new(clips(3_000));
    let file = world.folder.path().join("page.html");
    fs::write(&file, driven(&page(&world))).unwrap();
    for width in [360, 768, 1_280] {
        let outcome = outcome(&browser.open(&frame(&file, width)));
        assert_eq!(outcome["width"]["window"], width);
        assert_eq!(outcome["width"]["page"], width, "the page scrolls sideways");
        // On a phone and on a desk no figure has to be scrolled for.
        if width != 768 {
            assert_eq!(outcome["outOfSight"], serde_json::json!([]), "{width}");
        }
        assert_eq!(
            outcome["charts"],
            serde_json::json!([1, 1, 1, 1, 1, 1, 1, 1])
        );
    }
}

/// The other tests would not see a page that loads things if the browser kept quiet about it.
#[test]
fn what_the_policy_refuses_is_seen_on_the_console() {
    let Some(browser) = Browser::find() else {
        return;
    };
    let world = World::new(clips(500));
    let page = page(&world);
    let file = world.folder.path().join("page.html");
    for smuggled in [
        "<script>document.title = 'x'</script>",
        "<img src='data:image/gif;base64,R0lGODlhAQABAAAAACw='>",
        "<p style='color: red'>x</p>",
    ] {
        let with = page.replacen("</body>", &format!("{smuggled}</body>"), 1);
        fs::write(&file, with).unwrap();
        assert_eq!(browser.open(&file).console.len(), 1, "{smuggled}");
    }
}
