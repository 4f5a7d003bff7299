//! Where it is told how an export ended. These settings are read apart from the others, so that a
//! fault in the others is told too.

use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::settings::args::ExportArgs;
use crate::settings::credentials::Environment;
use crate::settings::file::texts;
use crate::settings::home::expanded;
use crate::zoom::{EndpointError, Endpoints, Proxies};

/// The address that is called; its path is a secret, and `Debug` does not show it.
#[derive(Clone)]
pub(crate) struct PingUrl(Url);

impl PingUrl {
    /// Checks an address.
    ///
    /// # Errors
    /// If it is no web address, is neither https nor loopback, or holds more than host and path.
    pub(crate) fn new(text: &SecretString) -> Result<Self, EndpointError> {
        let example = "https://hc-ping.com/your-uuid";
        Endpoints::check("the ping URL", text.expose_secret(), example).map(Self)
    }

    /// Its host, which is no secret.
    #[must_use]
    pub(crate) fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// The address, followed by this word where there is one.
    #[must_use]
    pub(crate) fn with(&self, word: Option<&str>) -> Url {
        let mut url = self.0.clone();
        if let (Some(word), Ok(mut path)) = (word, url.path_segments_mut()) {
            path.pop_if_empty().push(word);
        }
        url
    }
}

impl std::fmt::Debug for PingUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PingUrl({})", self.host())
    }
}

/// Where it is told how an export ended.
#[derive(Debug, Clone, Default)]
pub(crate) struct MonitorSettings {
    /// The folder of the snapshots, where it is known.
    pub out: Option<PathBuf>,
    pub metrics_file: Option<PathBuf>,
    pub ping_url: Option<PingUrl>,
    /// By which proxies it is called.
    pub proxies: Proxies,
}

impl MonitorSettings {
    /// What flags, environment and settings file say. What cannot be read or used is left out here,
    /// and refused where the settings are resolved.
    #[must_use]
    pub(crate) fn of(args: &ExportArgs, environment: &Environment) -> Self {
        let path = |setting, path: Option<PathBuf>| {
            let path = path.filter(|path| !path.as_os_str().is_empty())?;
            expanded(setting, path, environment.home()).ok()
        };
        let config = path("config", args.config.clone());
        // A slip in another setting must not hide that it kept the export from running.
        let mut file = config.map(|path| texts(&path)).unwrap_or_default();
        let mut of_file = |key: &str| file.remove(key);
        let out = args.out.clone().or(of_file("out").map(PathBuf::from));
        let metrics_file = of_file("metrics-file").map(PathBuf::from);
        let metrics_file = args.metrics_file.clone().or(metrics_file);
        let ping_url = args.ping_url.clone();
        let ping_url = ping_url.or(of_file("ping-url").map(SecretString::from));
        Self {
            out: path("out", out),
            metrics_file: path("metrics-file", metrics_file),
            ping_url: ping_url.and_then(|url| PingUrl::new(&url).ok()),
            proxies: environment.proxies(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Result<PingUrl, EndpointError> {
        PingUrl::new(&text.into())
    }

    #[test]
    fn a_word_is_put_behind_the_path_with_one_slash() {
        for text in [
            "https://hc-ping.com/planted",
            "https://hc-ping.com/planted/",
        ] {
            let url = url(text).unwrap();
            assert_eq!(url.with(None).as_str(), text);
            assert_eq!(
                url.with(Some("75")).as_str(),
                "https://hc-ping.com/planted/75"
            );
        }
    }

    #[test]
    fn its_path_is_not_shown() {
        let good = url("https://hc-ping.com/planted").unwrap();
        assert_eq!(format!("{good:?}"), "PingUrl(hc-ping.com)");
        for text in [
            "http://hc-ping.com/planted",
            "planted",
            "https://a/planted?b=c",
        ] {
            assert!(!url(text).unwrap_err().to_string().contains("planted"));
        }
    }

    #[test]
    fn what_is_wrong_with_other_settings_does_not_keep_it_from_being_told() {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("clipcensus.toml");
        let text = "fromat = \"csv\"\nrate = \"x\"\nmetrics-file = \"~/theirs\"\nout = \"there\"\n";
        std::fs::write(&config, text).unwrap();
        let home = Environment::of([("HOME".to_owned(), "/home/jo".to_owned())]);
        let args = ExportArgs {
            config: Some(config.clone()),
            ..ExportArgs::default()
        };
        let settings = MonitorSettings::of(&args, &home);
        assert_eq!(settings.metrics_file, Some("/home/jo/theirs".into()));
        assert_eq!(settings.out, Some("there".into()));
        let args = ExportArgs {
            config: Some(config),
            metrics_file: Some("ours".into()),
            ..ExportArgs::default()
        };
        let settings = MonitorSettings::of(&args, &home);
        assert_eq!(settings.metrics_file, Some("ours".into()));
    }
}
