//! A panic becomes an answer.
