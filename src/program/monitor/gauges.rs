//! Gauges in Prometheus' text format, in a file for the textfile collector.

use std::fmt::{Display, Write};
use std::fs;
use std::io;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::disk::file::folder_of;

/// A file in the making. Every series bears the output folder, so that several exports may have files in one
/// folder of the collector.
#[derive(Debug)]
pub struct Gauges {
    out: String,
    text: String,
}

impl Gauges {
    /// Those about an output folder.
    #[must_use]
    pub fn of(out: &str) -> Self {
        Self {
            out: escaped(out),
            text: String::new(),
        }
    }

    /// Adds a gauge of one series.
    pub fn one(&mut self, name: &str, help: &str, value: impl Display) {
        self.all(name, help, [([], value)]);
    }

    /// Adds a gauge of several series, each with its labels and their values.
    pub fn all<'a, const LABELS: usize, V: Display>(
        &mut self,
        name: &str,
        help: &str,
        series: impl IntoIterator<Item = ([(&'a str, &'a str); LABELS], V)>,
    ) {
        // Writing to a string does not fail.
        _ = writeln!(self.text, "# HELP {name} {help}.\n# TYPE {name} gauge");
        for (labels, value) in series {
            _ = write!(self.text, "{name}{{out=\"{}\"", self.out);
            for (label, of) in labels {
                _ = write!(self.text, ",{label}=\"{}\"", escaped(of));
            }
            _ = writeln!(self.text, "}} {value}");
        }
    }

    /// Writes the file beside its place and renames it, so that no reader finds half of it. The name beside
    /// ends in `.tmp`, which the collector passes over.
    ///
    /// # Errors
    /// When the folder cannot be written to.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let mut file = tempfile::Builder::new()
            .prefix(path.file_name().unwrap_or_default())
            .suffix(".tmp")
            // The collector is another user: who may read it is for the umask to say.
            .permissions(fs::Permissions::from_mode(0o666))
            .tempfile_in(folder_of(path))?;
        file.write_all(self.text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    }
}

fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}
