//! What a token or a node is.

/// The kind of a token or of a node of the syntax tree.
///
/// Three operators are two tokens that touch, because inside a type they mean
/// two things: `??` is two [`Question`](Self::Question), `?!` is `Question`
/// and [`Bang`](Self::Bang), `>=` is [`Greater`](Self::Greater) and
/// [`Assign`](Self::Assign). Contextual words are [`Ident`](Self::Ident).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[expect(missing_docs, reason = "the names are those of the grammar")]
pub enum SyntaxKind {
    // Trivia.
    Whitespace,
    LineEnd,
    Comment,
    /// Characters outside the alphabet, already reported.
    Bad,

    // Tokens with a text of their own.
    Ident,
    Int,
    Float,
    /// A string without interpolation, with its quotes.
    String,
    /// The opening quotes of a string with interpolation.
    StringStart,
    StringText,
    StringEnd,
    /// `${`
    InterpStart,
    /// The `}` that closes an interpolation.
    InterpEnd,
    /// A run in single or typographic quotes.
    BadQuote,
    /// A `##` line.
    Doc,

    // Brackets and punctuation.
    LParen,
    RParen,
    LBracket,
    RBracket,
    LBrace,
    RBrace,
    Comma,
    Colon,
    Dot,
    DotDot,
    DotDotLess,
    Arrow,
    FatArrow,
    Assign,
    Eq,
    NotEq,
    Less,
    LessEq,
    Greater,
    Plus,
    Minus,
    Star,
    Slash,
    Percent,
    Question,
    QuestionDot,
    Bang,
    PlusAssign,
    MinusAssign,
    StarAssign,
    SlashAssign,
    PercentAssign,

    // Reserved words.
    AndKw,
    AwaitKw,
    BoxKw,
    BreakKw,
    ContinueKw,
    ElseKw,
    EnumKw,
    FalseKw,
    FnKw,
    ForKw,
    IfKw,
    ImplKw,
    ImportKw,
    InKw,
    InterfaceKw,
    LetKw,
    MatchKw,
    NullKw,
    OrKw,
    ReturnKw,
    SpawnKw,
    TransactionKw,
    TrueKw,
    TypeKw,
    VarKw,
    WhileKw,

    // Layout.
    Newline,
    Indent,
    Dedent,
    Eof,

    // Nodes: declarations.
    Module,
    DocComment,
    Requires,
    Import,
    NameList,
    Path,
    TypeDecl,
    Derive,
    Field,
    EnumDecl,
    Variant,
    Payload,
    InterfaceDecl,
    Member,
    ImplDecl,
    FnDecl,
    ComponentDecl,
    Signature,
    TypeParams,
    SelfParam,
    Param,
    Bound,
    ServiceDecl,
    Route,
    RouteBody,
    ConfigDecl,
    ConfigField,
    AppDecl,
    MigrationDecl,
    TestDecl,
    ErrorItem,

    // Nodes: statements.
    Block,
    LetStmt,
    AssignStmt,
    ReturnStmt,
    IfStmt,
    MatchStmt,
    ForStmt,
    WhileStmt,
    TransactionStmt,
    BreakStmt,
    ContinueStmt,
    ExprStmt,
    ErrorStmt,

    // Nodes: parts of statements and expressions.
    IfArm,
    MatchArm,
    TypeArgs,
    Arg,
    MapEntry,
    LambdaParam,
    HtmlBlock,
    HtmlIf,
    HtmlArm,
    HtmlFor,
    HtmlChildren,
    HtmlError,
    FieldPat,

    // Nodes: expressions.
    LiteralExpr,
    InterpExpr,
    NameExpr,
    UnaryExpr,
    AwaitExpr,
    BoxExpr,
    BinaryExpr,
    CoalesceExpr,
    CallExpr,
    MemberExpr,
    IndexExpr,
    BangExpr,
    ListExpr,
    MapExpr,
    LambdaExpr,
    SpawnExpr,
    IfExpr,
    MatchExpr,
    TransactionExpr,
    ParenExpr,
    HtmlExpr,
    ErrorExpr,

    // Nodes: patterns.
    WildcardPat,
    LiteralPat,
    PathPat,
    TuplePat,
    RecordPat,
    ErrorPat,

    // Nodes: types.
    PathType,
    ApplyType,
    RefinedType,
    OptionType,
    ResultType,
    FnType,
    ParenType,
    ErrorType,
}

impl SyntaxKind {
    /// The kind with this number, `kind as u16`; a number that is none gives
    /// [`Self::Bad`].
    #[must_use]
    pub(crate) fn from_number(number: u16) -> Self {
        ALL.get(usize::from(number)).copied().unwrap_or(Self::Bad)
    }

    /// Space, line ends, comments, and characters that were skipped.
    #[must_use]
    pub const fn is_trivia(self) -> bool {
        (self as u8) <= Self::Bad as u8
    }

    /// A reserved word.
    #[must_use]
    pub const fn is_reserved(self) -> bool {
        self as u8 >= Self::AndKw as u8 && self as u8 <= Self::WhileKw as u8
    }

    /// An identifier or a reserved word.
    #[must_use]
    pub const fn is_word(self) -> bool {
        self.is_reserved() || matches!(self, Self::Ident)
    }

    /// A token that the layout makes.
    #[must_use]
    pub const fn is_layout(self) -> bool {
        self as u8 >= Self::Newline as u8 && self as u8 <= Self::Eof as u8
    }

    /// A node, not a token.
    #[must_use]
    pub const fn is_node(self) -> bool {
        self as u8 >= Self::Module as u8
    }

    /// A node that is a statement.
    #[must_use]
    pub const fn is_stmt(self) -> bool {
        self as u8 >= Self::LetStmt as u8 && self as u8 <= Self::ErrorStmt as u8
    }

    /// A node that is an expression.
    #[must_use]
    pub const fn is_expr(self) -> bool {
        self as u8 >= Self::LiteralExpr as u8 && self as u8 <= Self::ErrorExpr as u8
    }

    /// A node that is a pattern.
    #[must_use]
    pub const fn is_pattern(self) -> bool {
        self as u8 >= Self::WildcardPat as u8 && self as u8 <= Self::ErrorPat as u8
    }

    /// A node that is a type.
    #[must_use]
    pub const fn is_type(self) -> bool {
        self as u8 >= Self::PathType as u8
    }

    /// The closer of an opener.
    #[must_use]
    pub const fn closer(self) -> Option<Self> {
        match self {
            Self::LParen => Some(Self::RParen),
            Self::LBracket => Some(Self::RBracket),
            Self::LBrace => Some(Self::RBrace),
            Self::InterpStart => Some(Self::InterpEnd),
            _ => None,
        }
    }

    /// How a token with a fixed text is written.
    #[must_use]
    pub const fn text(self) -> Option<&'static str> {
        Some(match self {
            Self::LParen => "(",
            Self::RParen => ")",
            Self::LBracket => "[",
            Self::RBracket => "]",
            Self::LBrace => "{",
            Self::RBrace | Self::InterpEnd => "}",
            Self::InterpStart => "${",
            Self::Comma => ",",
            Self::Colon => ":",
            Self::Dot => ".",
            Self::DotDot => "..",
            Self::DotDotLess => "..<",
            Self::Arrow => "->",
            Self::FatArrow => "=>",
            Self::Assign => "=",
            Self::Eq => "==",
            Self::NotEq => "!=",
            Self::Less => "<",
            Self::LessEq => "<=",
            Self::Greater => ">",
            Self::Plus => "+",
            Self::Minus => "-",
            Self::Star => "*",
            Self::Slash => "/",
            Self::Percent => "%",
            Self::Question => "?",
            Self::QuestionDot => "?.",
            Self::Bang => "!",
            Self::PlusAssign => "+=",
            Self::MinusAssign => "-=",
            Self::StarAssign => "*=",
            Self::SlashAssign => "/=",
            Self::PercentAssign => "%=",
            Self::AndKw => "and",
            Self::AwaitKw => "await",
            Self::BoxKw => "box",
            Self::BreakKw => "break",
            Self::ContinueKw => "continue",
            Self::ElseKw => "else",
            Self::EnumKw => "enum",
            Self::FalseKw => "false",
            Self::FnKw => "fn",
            Self::ForKw => "for",
            Self::IfKw => "if",
            Self::ImplKw => "impl",
            Self::ImportKw => "import",
            Self::InKw => "in",
            Self::InterfaceKw => "interface",
            Self::LetKw => "let",
            Self::MatchKw => "match",
            Self::NullKw => "null",
            Self::OrKw => "or",
            Self::ReturnKw => "return",
            Self::SpawnKw => "spawn",
            Self::TransactionKw => "transaction",
            Self::TrueKw => "true",
            Self::TypeKw => "type",
            Self::VarKw => "var",
            Self::WhileKw => "while",
            _ => return None,
        })
    }

    /// The reserved word with these bytes, or an identifier.
    #[must_use]
    pub(crate) fn of_word(word: &[u8]) -> Self {
        match word {
            b"and" => Self::AndKw,
            b"await" => Self::AwaitKw,
            b"box" => Self::BoxKw,
            b"break" => Self::BreakKw,
            b"continue" => Self::ContinueKw,
            b"else" => Self::ElseKw,
            b"enum" => Self::EnumKw,
            b"false" => Self::FalseKw,
            b"fn" => Self::FnKw,
            b"for" => Self::ForKw,
            b"if" => Self::IfKw,
            b"impl" => Self::ImplKw,
            b"import" => Self::ImportKw,
            b"in" => Self::InKw,
            b"interface" => Self::InterfaceKw,
            b"let" => Self::LetKw,
            b"match" => Self::MatchKw,
            b"null" => Self::NullKw,
            b"or" => Self::OrKw,
            b"return" => Self::ReturnKw,
            b"spawn" => Self::SpawnKw,
            b"transaction" => Self::TransactionKw,
            b"true" => Self::TrueKw,
            b"type" => Self::TypeKw,
            b"var" => Self::VarKw,
            b"while" => Self::WhileKw,
            _ => Self::Ident,
        }
    }
}

/// A fast set of token kinds.
#[derive(Clone, Copy)]
pub(crate) struct KindSet(u128);

impl KindSet {
    pub(crate) const fn new(kinds: &[SyntaxKind]) -> Self {
        let mut bits = 0;
        let mut at = 0;
        while at < kinds.len() {
            bits |= 1u128 << kinds[at] as u8;
            at += 1;
        }
        Self(bits)
    }

    pub(crate) const fn contains(self, kind: SyntaxKind) -> bool {
        let number = kind as u8;
        number < 128 && self.0 & (1u128 << number) != 0
    }
}

/// Every kind, by number.
static ALL: &[SyntaxKind] = &{
    use SyntaxKind::*;
    [
        Whitespace,
        LineEnd,
        Comment,
        Bad,
        Ident,
        Int,
        Float,
        String,
        StringStart,
        StringText,
        StringEnd,
        InterpStart,
        InterpEnd,
        BadQuote,
        Doc,
        LParen,
        RParen,
        LBracket,
        RBracket,
        LBrace,
        RBrace,
        Comma,
        Colon,
        Dot,
        DotDot,
        DotDotLess,
        Arrow,
        FatArrow,
        Assign,
        Eq,
        NotEq,
        Less,
        LessEq,
        Greater,
        Plus,
        Minus,
        Star,
        Slash,
        Percent,
        Question,
        QuestionDot,
        Bang,
        PlusAssign,
        MinusAssign,
        StarAssign,
        SlashAssign,
        PercentAssign,
        AndKw,
        AwaitKw,
        BoxKw,
        BreakKw,
        ContinueKw,
        ElseKw,
        EnumKw,
        FalseKw,
        FnKw,
        ForKw,
        IfKw,
        ImplKw,
        ImportKw,
        InKw,
        InterfaceKw,
        LetKw,
        MatchKw,
        NullKw,
        OrKw,
        ReturnKw,
        SpawnKw,
        TransactionKw,
        TrueKw,
        TypeKw,
        VarKw,
        WhileKw,
        Newline,
        Indent,
        Dedent,
        Eof,
        Module,
        DocComment,
        Requires,
        Import,
        NameList,
        Path,
        TypeDecl,
        Derive,
        Field,
        EnumDecl,
        Variant,
        Payload,
        InterfaceDecl,
        Member,
        ImplDecl,
        FnDecl,
        ComponentDecl,
        Signature,
        TypeParams,
        SelfParam,
        Param,
        Bound,
        ServiceDecl,
        Route,
        RouteBody,
        ConfigDecl,
        ConfigField,
        AppDecl,
        MigrationDecl,
        TestDecl,
        ErrorItem,
        Block,
        LetStmt,
        AssignStmt,
        ReturnStmt,
        IfStmt,
        MatchStmt,
        ForStmt,
        WhileStmt,
        TransactionStmt,
        BreakStmt,
        ContinueStmt,
        ExprStmt,
        ErrorStmt,
        IfArm,
        MatchArm,
        TypeArgs,
        Arg,
        MapEntry,
        LambdaParam,
        HtmlBlock,
        HtmlIf,
        HtmlArm,
        HtmlFor,
        HtmlChildren,
        HtmlError,
        FieldPat,
        LiteralExpr,
        InterpExpr,
        NameExpr,
        UnaryExpr,
        AwaitExpr,
        BoxExpr,
        BinaryExpr,
        CoalesceExpr,
        CallExpr,
        MemberExpr,
        IndexExpr,
        BangExpr,
        ListExpr,
        MapExpr,
        LambdaExpr,
        SpawnExpr,
        IfExpr,
        MatchExpr,
        TransactionExpr,
        ParenExpr,
        HtmlExpr,
        ErrorExpr,
        WildcardPat,
        LiteralPat,
        PathPat,
        TuplePat,
        RecordPat,
        ErrorPat,
        PathType,
        ApplyType,
        RefinedType,
        OptionType,
        ResultType,
        FnType,
        ParenType,
        ErrorType,
    ]
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_numbered() {
        for (number, kind) in ALL.iter().enumerate() {
            assert_eq!(usize::from(*kind as u8), number);
        }
        assert_eq!(ALL.last(), Some(&SyntaxKind::ErrorType));
    }
}
