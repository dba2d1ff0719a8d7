//! How long the pages of the operator surface take.
//!
//! Each page is asked for over HTTP, whole, and beside it, in the same rounds and over the same connection, the
//! statements that it runs are run alone: what is left is the library's decoding, the page's model, the template and
//! HTTP. The statements are those that SeaORM reports while the page is made, with their values, in one transaction.
//!
//! The server, the surface and the client are threads of one process. `site` is the surface and the recorder,
//! `question` which pages are asked for, `run` the course of it, `outcome` makes figures.

mod run;

mod outcome;
mod question;
mod site;

pub(crate) use self::run::run;
