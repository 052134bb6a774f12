//! Pictures that a build carries: photographs of made-up homes, with their
//! photographers. Pure: a name in, bytes out.

pub mod photos;
