//! The pictures of the README.

use std::{env, fs, path::Path};

use super::{
    operator::{Operator, Scheme, View},
    week::Week,
};

/// How large a picture may be, in bytes.
const LIMIT: usize = 150_000;

const VIEW: View = View {
    width: 1200,
    height: 760,
    scale: 1,
};

/// With `THREADLINE_README_PICTURES` set, the pictures of the README are made anew.
#[actix_web::test]
async fn the_readme_shows_the_pages_in_both_themes() {
    let week = Week::new("pictures").await;
    let operator = Operator::at(week.served.address, "operator:demo").await;
    operator.look(VIEW).await;
    operator.hide_scroll_bars().await;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let monday = format!("/audit/rows/public.posts/2?at={}T09:30", week.monday);
    for (name, path) in [
        ("timeline", "/audit/timeline"),
        ("transaction", "/audit/transactions/7"),
        ("record", monday.as_str()),
    ] {
        operator.visit(path).await;
        for scheme in Scheme::BOTH {
            operator.prefer(scheme).await;
            let picture = operator.browser.picture(false).await;
            assert!(picture.starts_with(b"\x89PNG"));
            let size = picture.len();
            assert!(size < LIMIT, "{name}: {size}");
            let file = format!("docs/images/{name}-{}.png", scheme.as_str());
            assert!(readme.contains(&file), "{file} is not in the README");
            if env::var_os("THREADLINE_README_PICTURES").is_some() {
                fs::write(root.join(&file), picture).unwrap();
            }
            assert!(root.join(&file).is_file(), "there is no {file}");
        }
    }
    week.served.stop().await;
}
