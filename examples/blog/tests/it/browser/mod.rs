//! What operators do in a real browser: headless Chromium, driven over WebDriver.

mod axe;
mod driver;
mod operator;
mod pages;
mod session;
mod week;

mod every_page;
mod keys;
mod pictures;
mod walks;

pub(crate) use self::pages::ALL as PAGES;
