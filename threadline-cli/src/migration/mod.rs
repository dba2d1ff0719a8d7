//! Migration files: their versions, their text, and what earlier ones say they installed.

mod existing;
mod file;
mod marker;
pub(crate) mod version;

pub(crate) use self::{
    existing::{Existing, ExistingError, Installed},
    file::{MigrationFile, RenderError, Subject},
    marker::{Marker, MarkerError},
    version::{NoVersionLeft, Versions},
};
