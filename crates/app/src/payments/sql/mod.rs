//! SQL of the payments slice, a file each for what it is about.

mod customers;
mod operations;
mod payments;
mod webhooks;

pub(super) use customers::*;
pub(super) use operations::*;
pub(super) use payments::*;
pub(super) use webhooks::*;
