//! The program carries the migrations: a new file is a change of it.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
