//! OpenAPI 3.1 documents from what is registered.
