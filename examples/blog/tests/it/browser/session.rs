//! The part of the [WebDriver](https://www.w3.org/TR/webdriver2/) protocol that the walks need.

use std::time::Duration;

use awc::{Client, http::Method};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use super::driver::Driver;

/// How the protocol marks an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// The keys that are no characters.
pub(crate) const TAB: char = '\u{e004}';
pub(crate) const ENTER: char = '\u{e007}';
pub(crate) const ESCAPE: char = '\u{e00c}';
pub(crate) const LEFT: char = '\u{e012}';
pub(crate) const RIGHT: char = '\u{e014}';

/// A browser with one window.
pub(crate) struct Session {
    client: Client,
    /// Where its commands go.
    url: String,
    // The browser ends with its driver.
    _driver: Driver,
}

/// An element of the page that is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Element(String);

impl Session {
    pub(crate) async fn start() -> Self {
        let driver = Driver::start();
        let arguments = [
            "--headless",
            // Root has no sandbox; the pages are our own.
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            // Fields for dates are filled in as they are written there.
            "--lang=en-US",
            // So that the browser ends with the driver.
            "--remote-debugging-pipe",
            &format!("--user-data-dir={}", driver.profile().display()),
        ];
        let wanted = json!({
            "goog:chromeOptions": {"args": arguments},
            "goog:loggingPrefs": {"browser": "ALL"},
        });
        let client = Client::builder().timeout(Duration::from_secs(60)).finish();
        let mut session = Self {
            client,
            url: driver.url(),
            _driver: driver,
        };
        let wanted = json!({"capabilities": {"alwaysMatch": wanted}});
        let started = session.post("session", wanted).await;
        let id = started["sessionId"].as_str().unwrap();
        session.url = format!("{}/session/{id}", session.url);
        session
    }

    pub(crate) async fn post(&self, command: &str, body: Value) -> Value {
        self.send(Method::POST, command, Some(body)).await.unwrap()
    }

    /// Gives what the driver calls an error as one.
    pub(crate) async fn send(
        &self,
        method: Method,
        command: &str,
        body: Option<Value>,
    ) -> Result<Value, String> {
        let request = self
            .client
            .request(method, format!("{}/{command}", self.url));
        let mut response = match body {
            Some(body) => request.send_json(&body).await.unwrap(),
            None => request.send().await.unwrap(),
        };
        // A screenshot of a long page is large.
        let body = response.body().limit(64 << 20).await.unwrap();
        let mut answer: Value = serde_json::from_slice(&body).unwrap();
        if response.status().is_success() {
            Ok(answer["value"].take())
        } else {
            Err(format!("{command}: {}", answer["value"]))
        }
    }

    /// What only Chromium can do, in the words of its DevTools.
    pub(crate) async fn devtools(&self, command: &str, parameters: Value) -> Value {
        let body = json!({"cmd": command, "params": parameters});
        self.post("goog/cdp/execute", body).await
    }

    /// The page as a PNG: what the window shows, or all of it.
    pub(crate) async fn picture(&self, whole: bool) -> Vec<u8> {
        let wanted = json!({"format": "png", "captureBeyondViewport": whole});
        let taken = self.devtools("Page.captureScreenshot", wanted).await;
        BASE64_STANDARD
            .decode(taken["data"].as_str().unwrap())
            .unwrap()
    }

    /// What the page and the browser had to say since it was asked last.
    pub(crate) async fn console(&self) -> Vec<Value> {
        let said = self.post("se/log", json!({"type": "browser"})).await;
        said.as_array().unwrap().clone()
    }

    /// Runs a script beside the page; the page's policy does not apply, and it works in a page without JavaScript.
    pub(crate) async fn execute(&self, script: &str) -> Value {
        self.post("execute/sync", json!({"script": script, "args": []}))
            .await
    }

    /// Runs a script that hands its result to the last of its arguments.
    pub(crate) async fn execute_async(&self, script: &str) -> Value {
        self.post("execute/async", json!({"script": script, "args": []}))
            .await
    }

    /// Presses keys one after the other.
    pub(crate) async fn press(&self, keys: impl IntoIterator<Item = char>) {
        let strokes: Vec<Value> = keys
            .into_iter()
            .flat_map(|key| ["keyDown", "keyUp"].map(|way| json!({"type": way, "value": key})))
            .collect();
        self.keyboard(strokes).await;
    }

    async fn keyboard(&self, strokes: Vec<Value>) {
        let keyboard = json!({"type": "key", "id": "keyboard", "actions": strokes});
        self.post("actions", json!({"actions": [keyboard]})).await;
    }

    /// The element that has the focus; a page that is being left has none.
    pub(crate) async fn focused(&self) -> Option<Element> {
        let found = self.send(Method::GET, "element/active", None).await.ok()?;
        Some(Element(found[ELEMENT].as_str()?.to_owned()))
    }

    /// The name of an element as assistive technology reads it.
    pub(crate) async fn label(&self, element: &Element) -> Option<String> {
        let command = format!("element/{}/computedlabel", element.0);
        let found = self.send(Method::GET, &command, None).await.ok()?;
        Some(found.as_str()?.to_owned())
    }
}
