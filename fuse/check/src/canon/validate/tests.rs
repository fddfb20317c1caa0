use fuse_builtins::{BuiltinId, MemberId};

use super::validate;
use crate::canon::{
    BinaryOp, DumpOptions, Expr, ExprId, Exprs, Field, FieldDefault, FileId, Function,
    FunctionKind, IndexKind, Local, LocalId, ModuleId, Package, PackageId, Pattern, Place, Program,
    Record, RecordId, Run, Source, Span, Stmt, StmtId, Type, TypeId, dump,
};

const AT: Span = Span::new(0, 1);

/// A program of one function that is filled in by a test.
struct Draft {
    program: Program,
    function: Function,
}

impl Draft {
    fn new() -> Self {
        let mut program = Program::default();
        program.packages.push(Package {
            name: "demo".into(),
        });
        program.modules.push(crate::canon::Module {
            path: "main".into(),
            package: PackageId::from_index(0),
            file: FileId::from_index(0),
            capabilities: vec![],
        });
        let name = program.strings.intern("f");
        let function = Function::new(
            "f".into(),
            name,
            FunctionKind::Function,
            ModuleId::from_index(0),
            FileId::from_index(0),
        );
        Self { program, function }
    }

    fn expr(&mut self, expr: Expr, ty: TypeId) -> ExprId {
        self.function.expr(expr, ty, AT)
    }

    fn int(&mut self, value: i64) -> ExprId {
        self.expr(Expr::Int(value), TypeId::INT)
    }

    fn text(&mut self, text: &str) -> ExprId {
        let text = self.program.strings.intern(text);
        self.expr(Expr::Str(text), TypeId::STRING)
    }

    fn unit(&mut self) -> ExprId {
        self.expr(Expr::Unit, TypeId::UNIT)
    }

    fn local(&mut self, name: &str, ty: TypeId, mutable: bool) -> LocalId {
        let name = self.program.strings.intern(name);
        self.function.local(Local {
            name,
            ty,
            mutable,
            span: AT,
        })
    }

    fn read(&mut self, local: LocalId) -> ExprId {
        let ty = self.function[local].ty;
        self.expr(Expr::Local(local), ty)
    }

    fn stmt(&mut self, stmt: Stmt) -> StmtId {
        self.function.stmt(stmt, AT)
    }

    fn block(&mut self, stmts: &[StmtId]) -> ExprId {
        let stmts = self.function.run(stmts);
        let value = self.expr(Expr::Unreachable, TypeId::NEVER);
        self.expr(Expr::Block { stmts, value }, TypeId::NEVER)
    }

    fn give(&mut self, value: ExprId) -> StmtId {
        self.stmt(Stmt::Return(value))
    }

    /// What is wrong with the function whose body is these statements.
    fn check(mut self, stmts: &[StmtId]) -> Vec<String> {
        self.function.body = self.block(stmts);
        self.program.functions.push(self.function);
        let found = validate(&self.program);
        found
            .into_iter()
            .map(|violation| violation.message)
            .collect()
    }
}

fn assert_one(found: &[String], part: &str) {
    assert!(matches!(found, [only] if only.contains(part)), "{found:#?}");
}

#[test]
fn a_sound_program_has_no_violations() {
    let mut d = Draft::new();
    let n = d.local("n", TypeId::INT, false);
    d.function.params = 1;
    d.function.result = TypeId::INT;
    let (left, right) = (d.read(n), d.int(1));
    let sum = d.expr(
        Expr::Binary {
            op: BinaryOp::IntAdd,
            left,
            right,
        },
        TypeId::INT,
    );
    let leave = d.give(sum);
    d.function.body = d.block(&[leave]);
    d.program.functions.push(d.function.clone());
    assert_eq!(validate(&d.program), []);
    let text = dump(&d.program, DumpOptions::default());
    assert!(
        text.contains("fn f \"f\" function(n%0: Int) -> Int\n  {\n    return (add.int n%0 1)"),
        "{text}"
    );
    assert!(!text.contains('@'));
    assert!(dump(&d.program, DumpOptions { spans: true }).contains("1 @0..1"));
}

#[test]
fn a_body_has_to_end_in_a_return_of_its_type() {
    let mut d = Draft::new();
    d.function.result = TypeId::INT;
    let value = d.text("x");
    let leave = d.give(value);
    assert_one(&d.check(&[leave]), "return: wanted Int, found String");

    let mut d = Draft::new();
    let value = d.int(1);
    let drop = d.stmt(Stmt::Expr(value));
    assert_one(&d.check(&[drop]), "unreachable can be reached");
}

#[test]
fn operands_have_to_be_of_the_type_of_the_operation() {
    let mut d = Draft::new();
    let (left, right) = (d.int(1), d.text("x"));
    let sum = d.expr(
        Expr::Binary {
            op: BinaryOp::IntAdd,
            left,
            right,
        },
        TypeId::INT,
    );
    let (drop, unit) = (d.stmt(Stmt::Expr(sum)), d.unit());
    let leave = d.give(unit);
    assert_one(
        &d.check(&[drop, leave]),
        "right operand: wanted Int, found String",
    );

    let mut d = Draft::new();
    let (left, right) = (d.int(1), d.int(2));
    let sum = d.expr(
        Expr::Binary {
            op: BinaryOp::IntAdd,
            left,
            right,
        },
        TypeId::FLOAT,
    );
    let (drop, unit) = (d.stmt(Stmt::Expr(sum)), d.unit());
    let leave = d.give(unit);
    assert_one(&d.check(&[drop, leave]), "result: wanted Float, found Int");
}

#[test]
fn a_node_is_used_once() {
    let mut d = Draft::new();
    let one = d.int(1);
    let sum = d.expr(
        Expr::Binary {
            op: BinaryOp::IntAdd,
            left: one,
            right: one,
        },
        TypeId::INT,
    );
    let (drop, unit) = (d.stmt(Stmt::Expr(sum)), d.unit());
    let leave = d.give(unit);
    assert_one(&d.check(&[drop, leave]), "used twice");
}

#[test]
fn a_variable_is_read_only_where_it_has_a_value() {
    let mut d = Draft::new();
    let x = d.local("x", TypeId::INT, false);
    let early = d.read(x);
    let early = d.stmt(Stmt::Expr(early));
    let value = d.int(1);
    let bind = d.stmt(Stmt::Let { local: x, value });
    let unit = d.unit();
    let leave = d.give(unit);
    assert_one(&d.check(&[early, bind, leave]), "has no value here");

    // A variable ends with the block that binds it.
    let mut d = Draft::new();
    let x = d.local("x", TypeId::INT, false);
    let value = d.int(1);
    let bind = d.stmt(Stmt::Let { local: x, value });
    let stmts = d.function.run(&[bind]);
    let value = d.unit();
    let inner = d.expr(Expr::Block { stmts, value }, TypeId::UNIT);
    let inner = d.stmt(Stmt::Expr(inner));
    let late = d.read(x);
    let late = d.stmt(Stmt::Expr(late));
    let unit = d.unit();
    let leave = d.give(unit);
    assert_one(&d.check(&[inner, late, leave]), "has no value here");
}

#[test]
fn only_what_may_change_is_changed() {
    let mut d = Draft::new();
    let x = d.local("x", TypeId::INT, false);
    let value = d.int(1);
    let bind = d.stmt(Stmt::Let { local: x, value });
    let place = Place {
        local: x,
        cell: false,
        steps: Run::EMPTY,
    };
    let place = d.function.place(place, AT);
    let value = d.int(2);
    let assign = d.stmt(Stmt::Assign { place, value });
    let unit = d.unit();
    let leave = d.give(unit);
    assert_one(&d.check(&[bind, assign, leave]), "may not change");
}

#[test]
fn loops_and_transactions_are_left_in_order() {
    let mut d = Draft::new();
    let leave = d.stmt(Stmt::Break);
    assert_one(&d.check(&[leave]), "leaves a loop from outside");

    let mut d = Draft::new();
    let unit = d.unit();
    let leave = d.give(unit);
    let inner = d.block(&[leave]);
    let transaction = d.expr(Expr::Transaction(inner), TypeId::NEVER);
    let transaction = d.stmt(Stmt::Expr(transaction));
    assert_one(&d.check(&[transaction]), "returns out of a transaction");

    // A loop around a transaction cannot be left from inside it.
    let mut d = Draft::new();
    let leave = d.stmt(Stmt::Break);
    let inner = d.block(&[leave]);
    let transaction = d.expr(Expr::Transaction(inner), TypeId::NEVER);
    let transaction = d.stmt(Stmt::Expr(transaction));
    let item = d.local("i", TypeId::INT, false);
    let (from, to) = (d.int(0), d.int(9));
    let body = d.function.run(&[transaction]);
    let source = Source::Ints { from, to };
    let turn = d.stmt(Stmt::For {
        source,
        index: None,
        item,
        body,
    });
    let unit = d.unit();
    let leave = d.give(unit);
    assert_one(&d.check(&[turn, leave]), "leaves a loop from outside");
}

#[test]
fn an_endless_loop_needs_no_return_after_it() {
    let mut d = Draft::new();
    let condition = d.expr(Expr::Bool(true), TypeId::BOOL);
    let turn = d.stmt(Stmt::While {
        condition,
        body: Run::EMPTY,
    });
    assert_eq!(d.check(&[turn]), [""; 0]);

    let mut d = Draft::new();
    let condition = d.expr(Expr::Bool(true), TypeId::BOOL);
    let leave = d.stmt(Stmt::Break);
    let body = d.function.run(&[leave]);
    let turn = d.stmt(Stmt::While { condition, body });
    assert_one(&d.check(&[turn]), "unreachable can be reached");
}

#[test]
fn rows_of_the_table_are_called_as_they_say() {
    let call = |text: bool| {
        let mut d = Draft::new();
        let arg = if text { d.text("A") } else { d.int(1) };
        let args = d.function.run(&[arg]);
        let option = d.program.types.option(TypeId::STRING);
        let call = Expr::CallBuiltin {
            builtin: BuiltinId::Env,
            type_arg: None,
            args,
        };
        let call = d.expr(call, option);
        let (drop, unit) = (d.stmt(Stmt::Expr(call)), d.unit());
        let leave = d.give(unit);
        d.check(&[drop, leave])
    };
    assert_eq!(call(true), [""; 0]);
    assert_one(&call(false), "argument name: String: found Int");

    // `[1].map(f)` with a function that gives text is a list of texts.
    let mapped = |result: TypeId| {
        let mut d = Draft::new();
        let ints = d.program.types.list(TypeId::INT);
        let list = d.program.types.list(result);
        let one = d.int(1);
        let items = d.function.run(&[one]);
        let receiver = d.expr(Expr::List(items), ints);
        let shape = Type::Fn {
            params: [TypeId::INT].into(),
            result: TypeId::STRING,
        };
        let shape = d.program.types.intern(shape);
        let f = d.local("f", shape, false);
        d.function.params = 1;
        let f = d.read(f);
        let args = d.function.run(&[f]);
        let member = MemberId::ListMap;
        let call = d.expr(
            Expr::CallMember {
                member,
                type_arg: None,
                receiver,
                args,
            },
            list,
        );
        let (drop, unit) = (d.stmt(Stmt::Expr(call)), d.unit());
        let leave = d.give(unit);
        d.check(&[drop, leave])
    };
    assert_eq!(mapped(TypeId::STRING), [""; 0]);
    assert_one(&mapped(TypeId::INT), "result List<U>: found List<Int>");
}

fn record(d: &mut Draft) -> TypeId {
    let ty = d
        .program
        .types
        .intern(Type::Record(RecordId::from_index(0)));
    let name = d.program.strings.intern("P");
    let field = Field {
        name: d.program.strings.intern("x"),
        ty: TypeId::INT,
        default: FieldDefault::Required,
        doc: None,
    };
    d.program.records.push(Record {
        name,
        symbol: "P".into(),
        ty,
        builtin: None,
        module: Some(ModuleId::from_index(0)),
        fields: vec![field],
        doc: None,
        span: AT,
    });
    ty
}

#[test]
fn records_are_built_from_all_their_fields() {
    let build = |checked: &[u32], fields: usize| {
        let mut d = Draft::new();
        let ty = record(&mut d);
        let values: Vec<_> = (0..fields).map(|_| d.int(1)).collect();
        let fields: Exprs = d.function.run(&values);
        let checked = d.function.run(checked);
        let record = RecordId::from_index(0);
        let built = d.expr(
            Expr::Record {
                record,
                fields,
                checked,
                fallible: false,
            },
            ty,
        );
        let (drop, unit) = (d.stmt(Stmt::Expr(built)), d.unit());
        let leave = d.give(unit);
        d.check(&[drop, leave])
    };
    assert_eq!(build(&[0], 1), [""; 0]);
    assert_one(&build(&[], 2), "2 values for 1");
    assert_one(&build(&[1], 1), "checks [1] of 1");
}

#[test]
fn patterns_fit_what_they_look_at() {
    let matched = |pattern: Pattern| {
        let mut d = Draft::new();
        let pattern = d.function.pattern(pattern, AT);
        let subject = d.int(1);
        let body = d.unit();
        let arms = d.function.run(&[crate::canon::Arm { pattern, body }]);
        let all = d.expr(Expr::Match { subject, arms }, TypeId::UNIT);
        let (drop, unit) = (d.stmt(Stmt::Expr(all)), d.unit());
        let leave = d.give(unit);
        d.check(&[drop, leave])
    };
    assert_eq!(matched(Pattern::Any), [""; 0]);
    assert_eq!(matched(Pattern::Int(3)), [""; 0]);
    assert_one(&matched(Pattern::Null), "Null cannot match Int");
}

#[test]
fn an_element_that_can_be_missing_is_an_option() {
    let mut d = Draft::new();
    let ints = d.program.types.list(TypeId::INT);
    let base = d.expr(Expr::List(Run::EMPTY), ints);
    let index = d.int(0);
    let read = d.expr(
        Expr::Index {
            kind: IndexKind::ListOrNull,
            base,
            index,
        },
        TypeId::INT,
    );
    let (drop, unit) = (d.stmt(Stmt::Expr(read)), d.unit());
    let leave = d.give(unit);
    assert_one(&d.check(&[drop, leave]), "can be null is no option");
}

#[test]
fn symbols_are_distinct() {
    let mut d = Draft::new();
    let unit = d.unit();
    let leave = d.give(unit);
    d.function.body = d.block(&[leave]);
    d.program.functions.push(d.function.clone());
    d.program.functions.push(d.function.clone());
    let found = validate(&d.program);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].message, "symbol f twice");
}
