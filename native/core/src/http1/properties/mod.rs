//! What holds for every input: nothing depends on how the bytes were cut, and what was written
//! is what is read.

mod bodies;
mod heads;
