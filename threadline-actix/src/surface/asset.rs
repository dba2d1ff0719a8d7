//! The files of the surface itself. Their names hold a fingerprint, so that a browser keeps them for good.

use std::sync::LazyLock;

use sha2::{Digest as _, Sha256};

/// One file.
#[derive(Debug)]
pub(super) struct Asset {
    file: LazyLock<String>,
    pub(super) content_type: &'static str,
    pub(super) text: &'static str,
}

impl Asset {
    /// Its name with the fingerprint.
    pub(super) fn file(&self) -> &str {
        &self.file
    }
}

macro_rules! asset {
    ($(#[$doc:meta])* $name:ident = $stem:literal $extension:literal, $content_type:literal) => {
        $(#[$doc])*
        pub(super) static $name: Asset = Asset {
            file: LazyLock::new(|| fingerprinted($stem, $extension, $name.text)),
            content_type: $content_type,
            text: include_str!(concat!("../../templates/audit/asset/", $stem, ".", $extension)),
        };
    };
}

asset! {
    /// The style of every page.
    STYLE = "style" "css", "text/css; charset=utf-8"
}
asset! {
    /// What makes the pages handier where scripts are allowed.
    SCRIPT = "script" "js", "text/javascript; charset=utf-8"
}
asset! {
    /// The sign in the browser's tab.
    ICON = "icon" "svg", "image/svg+xml"
}

/// The file of a name.
pub(super) fn find(file: &str) -> Option<&'static Asset> {
    [&STYLE, &SCRIPT, &ICON]
        .into_iter()
        .find(|asset| asset.file() == file)
}

fn fingerprinted(stem: &str, extension: &str, text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    let hex: String = digest
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("{stem}-{hex}.{extension}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_the_name_of_its_content_and_no_other() {
        let file = STYLE.file();
        assert!(
            file.starts_with("style-") && file.ends_with(".css"),
            "{file}"
        );
        assert!(find(file).is_some_and(|asset| asset.text == STYLE.text));
        for other in [
            "style.css",
            "style-0000000000000000.css",
            "../style.css",
            "",
        ] {
            assert!(find(other).is_none(), "{other}");
        }
        assert_ne!(
            fingerprinted("style", "css", "a{}"),
            fingerprinted("style", "css", "b{}")
        );
    }
}
