//! Whether an export could write where it is to write, found out without leaving anything there.

use std::path::Path;

use crate::check::line::Line;
use crate::config;
use crate::export::census::Census;
use crate::export::connect::OpenSource;
use crate::snapshot::Layout;
use crate::snapshot::try_output;

pub(super) fn line(settings: &config::Export, source: &OpenSource) -> Line {
    let census = Census::of(settings, source);
    let layout = Layout::new(&settings.out, census.table());
    let tried = try_output(&layout)
        .map_err(Into::into)
        .and_then(|()| census.refuse_other(&layout));
    match tried {
        Ok(()) => Line::ok("output", words(layout.out())),
        Err(error) => Line::error("output", &error),
    }
}

fn words(out: &Path) -> String {
    let shown = out.display();
    if out.exists() {
        format!("{shown} can be written")
    } else {
        format!("{shown} is not there yet and can be made")
    }
}
