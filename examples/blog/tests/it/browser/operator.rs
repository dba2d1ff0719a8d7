use std::{
    cell::RefCell,
    net::SocketAddr,
    time::{Duration, Instant},
};

use actix_web::rt::time::sleep;
use awc::http::Method;
use serde_json::{Value, json};

use super::session::{ENTER, Session, TAB};

/// How long a page may take before a walk gives up on it.
const PATIENCE: Duration = Duration::from_secs(20);

/// More than a page has that can be reached with Tab.
const MANY: usize = 300;

/// Somebody who sits before a browser.
pub(crate) struct Operator {
    pub(crate) browser: Session,
    /// `http://user:password@host:port`
    origin: String,
    visited: RefCell<Vec<String>>,
}

/// How somebody looks at a page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    /// Of the window, in CSS pixels.
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// How many pixels of the screen one CSS pixel has; a zoom of 200 % is 2 in a window of half the width.
    pub(crate) scale: u32,
}

/// What the browser says the user prefers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Light,
    Dark,
}

impl Scheme {
    pub(crate) const BOTH: [Self; 2] = [Self::Light, Self::Dark];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

impl Operator {
    /// Opens a browser that answers with `account`, which is `user:password`, when the site asks who is there.
    pub(crate) async fn at(address: SocketAddr, account: &str) -> Self {
        Self {
            browser: Session::start().await,
            origin: format!("http://{account}@{address}"),
            visited: RefCell::default(),
        }
    }

    /// Types an address.
    pub(crate) async fn visit(&self, path: &str) {
        let url = format!("{}{path}", self.origin);
        self.visited.borrow_mut().push(format!("{url} - "));
        self.browser.post("url", json!({"url": url})).await;
    }

    pub(crate) async fn look(&self, view: View) {
        let View {
            width,
            height,
            scale,
        } = view;
        let metrics = json!({
            "width": width, "height": height, "deviceScaleFactor": scale, "mobile": false,
        });
        self.browser
            .devtools("Emulation.setDeviceMetricsOverride", metrics)
            .await;
    }

    /// Takes the scroll bars off the pages to come.
    pub(crate) async fn hide_scroll_bars(&self) {
        self.browser
            .devtools("Emulation.setScrollbarsHidden", json!({"hidden": true}))
            .await;
    }

    pub(crate) async fn prefer(&self, scheme: Scheme) {
        let scheme = json!({"name": "prefers-color-scheme", "value": scheme.as_str()});
        // A colour on its way to another one is neither.
        let motion = json!({"name": "prefers-reduced-motion", "value": "reduce"});
        self.browser
            .devtools(
                "Emulation.setEmulatedMedia",
                json!({"features": [scheme, motion]}),
            )
            .await;
    }

    /// Switches JavaScript off for every page to come.
    pub(crate) async fn forbid_scripts(&self) {
        self.browser
            .devtools(
                "Emulation.setScriptExecutionDisabled",
                json!({"value": true}),
            )
            .await;
    }

    /// Presses Tab until the focus is on what assistive technology calls `name`.
    pub(crate) async fn tab_to(&self, name: &str) {
        let mut passed = Vec::new();
        for _ in 0..MANY {
            self.browser.press([TAB]).await;
            let label = match self.browser.focused().await {
                Some(element) => self.browser.label(&element).await.unwrap_or_default(),
                None => String::new(),
            };
            if label == name {
                return;
            }
            passed.push(label);
        }
        panic!("Tab does not lead to `{name}`, but to {passed:?}");
    }

    /// Follows the link, or presses the button, to which Tab leads under this name.
    pub(crate) async fn choose(&self, name: &str) {
        self.tab_to(name).await;
        self.browser.press([ENTER]).await;
    }

    pub(crate) async fn write(&self, text: &str) {
        self.browser.press(text.chars()).await;
    }

    /// Waits until the page says all of these; gives all that it says.
    pub(crate) async fn read(&self, wanted: &[&str]) -> String {
        let since = Instant::now();
        loop {
            // A page that is being left can't be read.
            let script = json!({
                "script": "return document.readyState == 'complete' && document.body.innerText",
                "args": [],
            });
            let found = self
                .browser
                .send(Method::POST, "execute/sync", Some(script))
                .await;
            let text = found.as_ref().ok().and_then(Value::as_str).unwrap_or("");
            let missing: Vec<_> = wanted
                .iter()
                .filter(|part| !text.contains(**part))
                .collect();
            if missing.is_empty() && !text.is_empty() {
                return text.to_owned();
            }
            assert!(
                since.elapsed() < PATIENCE,
                "{missing:?} never came up in: {text}"
            );
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Nothing broke a rule of the page's policy, failed to load, or went wrong in a script. That a page which was
    /// asked for is not there is no complaint.
    pub(crate) async fn heard_no_complaint(&self) {
        let mut said = self.browser.console().await;
        let visited = self.visited.borrow();
        said.retain(|entry| {
            let of = |url: &String| entry["message"].as_str().unwrap().starts_with(url);
            entry["source"] != "network" || !visited.iter().any(of)
        });
        assert!(said.is_empty(), "{said:#?}");
    }
}
