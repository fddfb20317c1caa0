//! Codes of queries, HTML, services and limits.

use super::codes;

codes! {
    TYPED_QUERY_CALL: Error, "typed query methods take no arguments";
    TYPED_QUERY_TYPE_ARG: Error, "expected one type argument";
    TYPED_QUERY_SELECT: Error, "select is missing";
    TYPED_QUERY_FIELD_MISMATCH: Error, "columns do not match T: missing [a]; unexpected [c]; expected [a, b]";
    QUERY_ARGUMENT: Error, "bad literal operator or direction, contradictory chain";
    DB_UNSCOPED_WRITE: Warn, "update or delete without where";
    SQL_INTERPOLATION: Warn, "SQL text built from values";
    HTML_ATTR_COMMA: Error, "comma between attributes";
    HTML_ATTR_MAP: Error, "map literal attributes";
    HTML_ATTR_TYPE: Error, "value type";
    HTML_ATTR_NAME: Error, "invalid name";
    HTML_ATTR_DUPLICATE: Error, "repeated";
    HTML_BLOCK_TARGET: Error, "not a call";
    HTML_BLOCK_ARGS: Error, "two attribute arguments";
    HTML_BLOCK_CHILD: Error, "unsupported statement";
    HTML_BLOCK_RETURN: Error, "target not Html";
    HTML_CHILD_TYPE: Error, "child type";
    HTML_VOID_CHILDREN: Error, "void tag with children";
    HTML_ARIA: Error, "unknown attribute aria-x";
    COMPONENT_RETURN: Error, "body not Html";
    ROUTE_PATH: Error, "route path must start with /";
    ROUTE_PARAM: Error, "malformed parameter or wildcard; :name, *name";
    ROUTE_PARAM_TYPE: Error, "unsupported type";
    ROUTE_DUPLICATE: Error, "same verb and shape";
    ROUTE_TYPE: Error, "not encodable";
    ROUTE_BODY_VERB: Warn, "body on get/delete";
    ROUTE_BLOCKING: Allow, "handler runs on the blocking pool: db.one in load";
    NO_HEALTH_ROUTE: Warn, "program calls serve, no service has get '/healthz'";
    TOO_MANY_ERRORS: Error, "limit reached";
    INTERNAL: Error, "compiler defect";
}
