package dev.strata.udfs.jinja;

import dev.strata.udfs.jinja.Expression.Call;
import dev.strata.udfs.jinja.Expression.Constant;
import dev.strata.udfs.jinja.Expression.FilterCall;
import dev.strata.udfs.jinja.Statement.Binding;
import dev.strata.udfs.jinja.Statement.Branch;
import dev.strata.udfs.jinja.Statement.Outcome;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Parses a template's text and tags. */
final class StatementParser {
  private final TokenStream tokens;
  private final ExpressionParser expressions;

  /**
   * Loops around the current place, as far as {@code break} reaches: a macro's body starts anew.
   */
  private int breakableLoops;

  private int loops;

  StatementParser(List<Token> tokens, Limits limits) {
    this.tokens = new TokenStream(tokens);
    this.expressions = new ExpressionParser(this.tokens, limits);
  }

  List<Statement> parseTemplate() {
    List<Statement> body = parseUntil(Set.of());
    expressions.rejectUnknownNames(0);
    return body;
  }

  /** Parses a body up to the tag that ends it, whose name becomes the current token. */
  private List<Statement> parseBody(String... ends) {
    tokens.skipOperator(":");
    tokens.expect(TokenType.BLOCK_END, "end of statement block");
    Set<String> endNames = Set.of(ends);
    List<Statement> body = expressions.nested(() -> parseUntil(endNames));
    if (tokens.at(TokenType.END)) {
      throw tokens.error(
          "Unexpected end of template. Jinja was looking for the following tags: '"
              + String.join("' or '", ends)
              + "'.");
    }
    return body;
  }

  private List<Statement> parseUntil(Set<String> ends) {
    List<Statement> body = new ArrayList<>();
    while (!tokens.at(TokenType.END)) {
      Token token = tokens.next();
      switch (token.type()) {
        case DATA -> body.add(new Statement.Text(token.text(), token.line()));
        case VARIABLE_BEGIN -> body.add(parsePrintStatement(token.line()));
        default -> {
          if (tokens.at(TokenType.NAME) && ends.contains(tokens.current().text())) {
            return body;
          }
          parseTag(body);
        }
      }
    }
    return body;
  }

  private Statement parsePrintStatement(int line) {
    Expression expression = expressions.parseTuple(true);
    tokens.expect(TokenType.VARIABLE_END, "end of print statement");
    return new Statement.Print(expression, line);
  }

  private void parseTag(List<Statement> body) {
    Token tag = tokens.expect(TokenType.NAME, "tag name");
    if (tag.text().equals("print")) {
      parsePrintTag(tag.line(), body);
    } else {
      body.add(parseStatement(tag));
    }
    tokens.expect(TokenType.BLOCK_END, "end of statement block");
  }

  private Statement parseStatement(Token tag) {
    int line = tag.line();
    return switch (tag.text()) {
      case "if" -> parseIf(line);
      case "for" -> parseFor(line);
      case "set" -> parseSet(line);
      case "macro" -> parseMacro(line);
      case "call" -> parseCallBlock(line);
      case "filter" -> parseFilterBlock(line);
      case "with" -> parseWith();
      case "block" -> parseBlock();
      case "generation" -> new Statement.Generation(macroBody("endgeneration"));
      case "break" -> loopControl(tag, Outcome.BREAK);
      case "continue" -> loopControl(tag, Outcome.CONTINUE);
      case "include", "import", "from", "extends" ->
          throw new TemplateException(
              "the tag '" + tag.text() + "' is not supported: a chat template stands alone", line);
      case "autoescape" ->
          throw new TemplateException("the tag 'autoescape' is not supported", line);
      default -> throw new TemplateException("Encountered unknown tag '" + tag.text() + "'.", line);
    };
  }

  private void parsePrintTag(int line, List<Statement> body) {
    while (!tokens.at(TokenType.BLOCK_END)) {
      body.add(new Statement.Print(expressions.parseExpression(), line));
      if (!tokens.at(TokenType.BLOCK_END)) {
        tokens.expectOperator(",");
      }
    }
  }

  private Statement parseIf(int line) {
    int mark = expressions.markUnknownNames();
    List<Branch> branches = new ArrayList<>();
    String next;
    do {
      Expression test = expressions.parseTuple(false);
      branches.add(new Branch(test, parseBody("elif", "else", "endif")));
      next = tokens.next().text();
    } while (next.equals("elif"));
    if (next.equals("else")) {
      branches.add(new Branch(new Constant(true), parseBody("endif")));
      tokens.next();
    }
    expressions.forgiveUnknownNames(mark);
    return new Statement.If(branches, line);
  }

  private Statement parseFor(int line) {
    loops++;
    AssignmentTarget target = expressions.parseTarget(false, true);
    rejectLoopAssignment(target, line);
    tokens.expectKeyword("in");
    Expression iterable = expressions.parseIterable();
    Expression filter = tokens.skipName("if") ? expressions.parseExpression() : null;
    boolean recursive = tokens.skipName("recursive");
    breakableLoops++;
    List<Statement> body = scopedBody("endfor", "else");
    breakableLoops--;
    List<Statement> otherwise = List.of();
    if (tokens.next().text().equals("else")) {
      otherwise = scopedBody("endfor");
      tokens.next();
    }
    loops--;
    return new Statement.For(target, iterable, filter, recursive, body, otherwise, line);
  }

  private void rejectLoopAssignment(AssignmentTarget target, int line) {
    if (loops == 0) {
      return;
    }
    if (target instanceof AssignmentTarget.Variable variable && variable.name().equals("loop")) {
      throw new TemplateException("Can't assign to special loop variable in for-loop target", line);
    }
    if (target instanceof AssignmentTarget.Unpacked unpacked) {
      unpacked.targets().forEach(part -> rejectLoopAssignment(part, line));
    }
  }

  private Statement loopControl(Token tag, Outcome outcome) {
    if (breakableLoops == 0) {
      throw new TemplateException("'" + tag.text() + "' outside loop", tag.line());
    }
    return new Statement.LoopControl(outcome);
  }

  private Statement parseSet(int line) {
    AssignmentTarget target = expressions.parseTarget(true, false);
    rejectLoopAssignment(target, line);
    if (tokens.skipOperator("=")) {
      return new Statement.Assign(target, expressions.parseTuple(true), line);
    }
    List<FilterCall> filters = expressions.parseFilterChain(false);
    List<Statement> body = closedBody("endset");
    return new Statement.AssignBlock(target, filters, body, line);
  }

  private Statement parseMacro(int line) {
    String name = expressions.expectAssignableName();
    List<Macro.Parameter> parameters = parseParameters();
    Set<String> names = new HashSet<>();
    List<Statement> body = expressions.collectingLoadedNames(names, () -> macroBody("endmacro"));
    return new Statement.MacroDefinition(signature(name, parameters, names), body, line);
  }

  private Macro.Signature signature(
      String name, List<Macro.Parameter> parameters, Set<String> names) {
    for (Macro.Parameter parameter : parameters) {
      if (names.contains("caller")
          && parameter.name().equals("caller")
          && parameter.defaultValue() == null) {
        throw tokens.error("the argument 'caller' must be omitted or be given a default");
      }
    }
    return new Macro.Signature(
        name,
        parameters,
        names.contains("varargs"),
        names.contains("kwargs"),
        names.contains("caller"));
  }

  private List<Macro.Parameter> parseParameters() {
    List<Macro.Parameter> parameters = new ArrayList<>();
    boolean defaultsStarted = false;
    tokens.expectOperator("(");
    while (!tokens.atOperator(")")) {
      if (!parameters.isEmpty()) {
        tokens.expectOperator(",");
      }
      String name = expressions.expectAssignableName();
      Expression defaultValue = tokens.skipOperator("=") ? expressions.parseExpression() : null;
      if (defaultsStarted && defaultValue == null) {
        throw tokens.error("non-default argument follows default argument");
      }
      defaultsStarted |= defaultValue != null;
      parameters.add(new Macro.Parameter(name, defaultValue));
    }
    tokens.next();
    return parameters;
  }

  private Statement parseCallBlock(int line) {
    List<Macro.Parameter> parameters = tokens.atOperator("(") ? parseParameters() : List.of();
    if (!(expressions.parseExpression() instanceof Call call)) {
      throw new TemplateException("expected call", line);
    }
    Set<String> names = new HashSet<>();
    List<Statement> body = expressions.collectingLoadedNames(names, () -> macroBody("endcall"));
    return new Statement.CallBlock(call, signature("caller", parameters, names), body, line);
  }

  private Statement parseFilterBlock(int line) {
    List<FilterCall> filters = expressions.parseFilterChain(true);
    return new Statement.FilterBlock(filters, closedBody("endfilter"), line);
  }

  private Statement parseWith() {
    List<Binding> bindings = new ArrayList<>();
    while (!tokens.at(TokenType.BLOCK_END)) {
      if (!bindings.isEmpty()) {
        tokens.expectOperator(",");
      }
      AssignmentTarget target = expressions.parseTarget(false, false);
      tokens.expectOperator("=");
      bindings.add(new Binding(target, expressions.parseExpression()));
    }
    return new Statement.With(bindings, closedBody("endwith"));
  }

  private Statement parseBlock() {
    String name = tokens.expectName();
    boolean scoped = tokens.skipName("scoped");
    if (tokens.atName("required")) {
      throw tokens.error("required blocks are not supported: a chat template stands alone");
    }
    List<Statement> body = macroBody("endblock");
    tokens.skipName(name);
    return new Statement.Block(scoped, body);
  }

  /** A body that jinja2 compiles to a function of its own, so that no loop can be left from it. */
  private List<Statement> macroBody(String end) {
    int outerBreakable = breakableLoops;
    breakableLoops = 0;
    List<Statement> body = closedBody(end);
    breakableLoops = outerBreakable;
    return body;
  }

  private List<Statement> closedBody(String end) {
    List<Statement> body = scopedBody(end);
    tokens.next();
    return body;
  }

  /** A body with a scope of its own, in which unknown filters and tests are not forgiven. */
  private List<Statement> scopedBody(String... ends) {
    int mark = expressions.markUnknownNames();
    List<Statement> body = parseBody(ends);
    expressions.rejectUnknownNames(mark);
    return body;
  }
}
