package dev.strata.udfs.jinja;

import dev.strata.udfs.jinja.Expression.Call;
import dev.strata.udfs.jinja.Expression.Comparand;
import dev.strata.udfs.jinja.Expression.Constant;
import dev.strata.udfs.jinja.Expression.DictLiteral;
import dev.strata.udfs.jinja.Expression.FilterCall;
import dev.strata.udfs.jinja.Expression.ListLiteral;
import dev.strata.udfs.jinja.Expression.Name;
import dev.strata.udfs.jinja.Expression.TupleLiteral;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/** Parses expressions, one method per precedence level, loosest first. */
final class ExpressionParser {
  private static final Set<TokenType> TEST_ARGUMENT_STARTS =
      Set.of(TokenType.NAME, TokenType.STRING, TokenType.INTEGER, TokenType.FLOAT);
  private static final Set<String> AFTER_TEST = Set.of("else", "or", "and");

  private final TokenStream tokens;
  private final Limits limits;
  private int nesting;

  /**
   * Filters and tests that do not exist. jinja2 refuses them when it compiles, except inside a
   * condition, where a template may have asked first whether they exist: there they fail when they
   * run.
   */
  private final List<UnknownName> unknownNames = new ArrayList<>();

  private record UnknownName(String kind, String name, int line) {}

  private Set<String> loadedNames = new HashSet<>();

  ExpressionParser(TokenStream tokens, Limits limits) {
    this.tokens = tokens;
    this.limits = limits;
  }

  /** An expression, or a tuple without parentheses. */
  Expression parseTuple(boolean allowConditional) {
    return parseTuple(() -> parseExpression(allowConditional), false, Set.of());
  }

  /** What a loop runs over. */
  Expression parseIterable() {
    return parseTuple(() -> parseExpression(false), false, Set.of("recursive"));
  }

  private Expression parseTuple(
      Supplier<Expression> element, boolean mayBeEmpty, Set<String> endNames) {
    List<Expression> elements = new ArrayList<>();
    boolean isTuple = false;
    while (!atTupleEnd(endNames)) {
      elements.add(element.get());
      if (!tokens.skipOperator(",")) {
        break;
      }
      isTuple = true;
    }
    if (isTuple || (mayBeEmpty && elements.isEmpty())) {
      return new TupleLiteral(elements);
    }
    if (elements.isEmpty()) {
      throw tokens.error("Expected an expression, got '" + tokens.current().describe() + "'");
    }
    return elements.get(0);
  }

  private boolean atTupleEnd(Set<String> endNames) {
    return tokens.at(TokenType.VARIABLE_END)
        || tokens.at(TokenType.BLOCK_END)
        || tokens.atOperator(")")
        || (tokens.at(TokenType.NAME) && endNames.contains(tokens.current().text()));
  }

  Expression parseExpression() {
    return parseExpression(true);
  }

  private Expression parseExpression(boolean allowConditional) {
    return nested(allowConditional ? this::parseConditional : this::parseOr);
  }

  /** Guards the parser's own recursion, which follows the nesting of the source. */
  <T> T nested(Supplier<T> parse) {
    if (++nesting > limits.nesting()) {
      throw tokens.error("template is nested deeper than " + limits.nesting());
    }
    T parsed = parse.get();
    nesting--;
    return parsed;
  }

  private Expression parseConditional() {
    int mark = markUnknownNames();
    Expression expression = parseOr();
    while (tokens.skipName("if")) {
      Expression test = parseOr();
      Expression otherwise = tokens.skipName("else") ? nested(this::parseConditional) : null;
      expression = new Expression.Conditional(test, expression, otherwise);
      forgiveUnknownNames(mark);
    }
    return expression;
  }

  private Expression parseOr() {
    Expression left = parseAnd();
    while (tokens.skipName("or")) {
      left = new Expression.Or(left, parseAnd());
    }
    return left;
  }

  private Expression parseAnd() {
    Expression left = parseNot();
    while (tokens.skipName("and")) {
      left = new Expression.And(left, parseNot());
    }
    return left;
  }

  private Expression parseNot() {
    if (tokens.skipName("not")) {
      return new Expression.Not(nested(this::parseNot));
    }
    return parseComparison();
  }

  private Expression parseComparison() {
    int line = tokens.line();
    Expression first = parseSum();
    List<Comparand> rest = new ArrayList<>();
    for (ComparisonOperator operator = nextComparison();
        operator != null;
        operator = nextComparison()) {
      rest.add(new Comparand(operator, parseSum()));
    }
    return rest.isEmpty() ? first : new Expression.Comparison(first, rest, line);
  }

  private ComparisonOperator nextComparison() {
    Token token = tokens.current();
    boolean notIn = token.isName("not") && tokens.following().isName("in");
    if (!notIn && !token.isName("in") && token.type() != TokenType.OPERATOR) {
      return null;
    }
    ComparisonOperator operator = ComparisonOperator.of(notIn ? "not in" : token.text());
    if (operator != null) {
      tokens.next();
    }
    if (notIn) {
      tokens.next();
    }
    return operator;
  }

  private Expression parseSum() {
    Expression left = parseConcatenation();
    while (tokens.atOperator("+") || tokens.atOperator("-")) {
      left = binary(left, tokens.next(), parseConcatenation());
    }
    return left;
  }

  private static Expression binary(Expression left, Token operator, Expression right) {
    return new Expression.Binary(
        ArithmeticOperator.of(operator.text()), left, right, operator.line());
  }

  private Expression parseConcatenation() {
    int line = tokens.line();
    Expression first = parseProduct();
    if (!tokens.atOperator("~")) {
      return first;
    }
    List<Expression> parts = new ArrayList<>(List.of(first));
    while (tokens.skipOperator("~")) {
      parts.add(parseProduct());
    }
    return new Expression.Concatenation(parts, line);
  }

  private Expression parseProduct() {
    Expression left = parsePower();
    while (tokens.atOperator("*")
        || tokens.atOperator("/")
        || tokens.atOperator("//")
        || tokens.atOperator("%")) {
      left = binary(left, tokens.next(), parsePower());
    }
    return left;
  }

  private Expression parsePower() {
    Expression left = parseUnary(true);
    while (tokens.atOperator("**")) {
      left = binary(left, tokens.next(), parseUnary(true));
    }
    return left;
  }

  private Expression parseUnary(boolean withFilters) {
    int line = tokens.line();
    boolean negative = tokens.atOperator("-");
    Expression operand;
    if (negative || tokens.atOperator("+")) {
      tokens.next();
      operand = new Expression.Unary(negative, nested(() -> parseUnary(false)), line);
    } else {
      operand = parsePrimary();
    }
    Expression postfixed = parsePostfix(operand);
    return withFilters ? parseFiltersAndTests(postfixed) : postfixed;
  }

  private Expression parsePrimary() {
    Token token = tokens.next();
    return switch (token.type()) {
      case NAME -> name(token);
      case STRING -> stringLiteral(token);
      case INTEGER, FLOAT -> new Constant(token.number());
      default -> parseBracketed(token);
    };
  }

  private Expression parseBracketed(Token token) {
    switch (token.text()) {
      case "(" -> {
        Expression inner = parseTuple(() -> parseExpression(true), true, Set.of());
        tokens.expectOperator(")");
        return inner;
      }
      case "[" -> {
        return new ListLiteral(parseElements("]", this::parseExpression));
      }
      case "{" -> {
        return new DictLiteral(parseElements("}", this::parseDictEntry), token.line());
      }
      default -> throw new TemplateException("unexpected '" + token.describe() + "'", token.line());
    }
  }

  private Expression name(Token token) {
    return switch (token.text()) {
      case "true", "True" -> new Constant(true);
      case "false", "False" -> new Constant(false);
      case "none", "None" -> new Constant(null);
      default -> {
        loadedNames.add(token.text());
        yield new Name(token.text());
      }
    };
  }

  private Expression stringLiteral(Token first) {
    StringBuilder text = new StringBuilder(first.text());
    while (tokens.at(TokenType.STRING)) {
      text.append(tokens.next().text());
    }
    return new Constant(text.toString());
  }

  private <T> List<T> parseElements(String closer, Supplier<T> element) {
    List<T> elements = new ArrayList<>();
    while (!tokens.atOperator(closer)) {
      elements.add(element.get());
      if (!tokens.atOperator(closer)) {
        tokens.expectOperator(",");
      }
    }
    tokens.next();
    return elements;
  }

  private DictLiteral.Entry parseDictEntry() {
    Expression key = parseExpression();
    tokens.expectOperator(":");
    return new DictLiteral.Entry(key, parseExpression());
  }

  private Expression parsePostfix(Expression operand) {
    Expression result = operand;
    while (true) {
      if (tokens.atOperator(".")) {
        result = parseAttribute(result);
      } else if (tokens.atOperator("[")) {
        result = parseSubscript(result);
      } else if (tokens.atOperator("(")) {
        result = parseCall(result);
      } else {
        return result;
      }
    }
  }

  private Expression parseAttribute(Expression object) {
    int line = tokens.next().line();
    Token attribute = tokens.next();
    return switch (attribute.type()) {
      case NAME -> new Expression.Attribute(object, attribute.text(), line);
      case INTEGER -> new Expression.Item(object, new Constant(attribute.number()), line);
      default -> throw new TemplateException("expected name or number", attribute.line());
    };
  }

  private Expression parseSubscript(Expression object) {
    int line = tokens.next().line();
    List<Expression> keys = new ArrayList<>();
    while (!tokens.atOperator("]")) {
      if (!keys.isEmpty()) {
        tokens.expectOperator(",");
      }
      keys.add(parseSubscriptKey());
    }
    tokens.next();
    Expression key = keys.size() == 1 ? keys.get(0) : new TupleLiteral(keys);
    return new Expression.Item(object, key, line);
  }

  private Expression parseSubscriptKey() {
    Expression start = tokens.atOperator(":") ? null : parseExpression();
    if (!tokens.skipOperator(":")) {
      return start;
    }
    Expression stop = parseSliceBound();
    Expression step = tokens.skipOperator(":") ? parseSliceBound() : null;
    return new Expression.Slice(start, stop, step);
  }

  private Expression parseSliceBound() {
    boolean absent = tokens.atOperator(":") || tokens.atOperator("]") || tokens.atOperator(",");
    return absent ? null : parseExpression();
  }

  private Expression parseCall(Expression callee) {
    int line = tokens.line();
    return new Call(callee, parseArguments(), line);
  }

  private ArgumentList parseArguments() {
    int line = tokens.next().line();
    List<Expression> positional = new ArrayList<>();
    Map<String, Expression> keywords = new LinkedHashMap<>();
    Expression starred = null;
    Expression doubleStarred = null;
    while (!tokens.atOperator(")")) {
      boolean valid;
      if (tokens.skipOperator("*")) {
        valid = starred == null && doubleStarred == null;
        starred = parseExpression();
      } else if (tokens.skipOperator("**")) {
        valid = doubleStarred == null;
        doubleStarred = parseExpression();
      } else if (tokens.at(TokenType.NAME) && tokens.following().isOperator("=")) {
        String name = tokens.next().text();
        tokens.next();
        valid = doubleStarred == null && keywords.put(name, parseExpression()) == null;
      } else {
        valid = starred == null && doubleStarred == null && keywords.isEmpty();
        positional.add(parseExpression());
      }
      if (!valid) {
        throw new TemplateException("invalid syntax for function call expression", line);
      }
      if (!tokens.atOperator(")")) {
        tokens.expectOperator(",");
      }
    }
    tokens.next();
    return new ArgumentList(positional, keywords, starred, doubleStarred);
  }

  private Expression parseFiltersAndTests(Expression operand) {
    Expression result = operand;
    while (true) {
      if (tokens.skipOperator("|")) {
        result = new Expression.Filter(result, parseFilterCall());
      } else if (tokens.skipName("is")) {
        result = parseTest(result);
      } else if (tokens.atOperator("(")) {
        result = parseCall(result);
      } else {
        return result;
      }
    }
  }

  /** The filters of a block; {@code startsBare} if the first one stands without a bar. */
  List<FilterCall> parseFilterChain(boolean startsBare) {
    List<FilterCall> filters = new ArrayList<>();
    if (startsBare) {
      filters.add(parseFilterCall());
    }
    while (tokens.skipOperator("|")) {
      filters.add(parseFilterCall());
    }
    return filters;
  }

  private FilterCall parseFilterCall() {
    int line = tokens.line();
    String name = parseDottedName();
    if (!Filters.exists(name)) {
      unknownNames.add(new UnknownName("filter", name, line));
    }
    ArgumentList arguments = tokens.atOperator("(") ? parseArguments() : ArgumentList.EMPTY;
    return new FilterCall(name, arguments, line);
  }

  private String parseDottedName() {
    StringBuilder name = new StringBuilder(tokens.expectName());
    while (tokens.skipOperator(".")) {
      name.append('.').append(tokens.expectName());
    }
    return name.toString();
  }

  private Expression parseTest(Expression operand) {
    int line = tokens.line();
    boolean negated = tokens.skipName("not");
    String name = parseDottedName();
    if (!Tests.exists(name)) {
      unknownNames.add(new UnknownName("test", name, line));
    }
    Expression test = new Expression.Test(operand, name, parseTestArguments(), line);
    return negated ? new Expression.Not(test) : test;
  }

  private ArgumentList parseTestArguments() {
    Token token = tokens.current();
    if (token.isOperator("(")) {
      return parseArguments();
    }
    boolean startsArgument =
        TEST_ARGUMENT_STARTS.contains(token.type())
            || token.isOperator("[")
            || token.isOperator("{");
    if (!startsArgument || (token.type() == TokenType.NAME && AFTER_TEST.contains(token.text()))) {
      return ArgumentList.EMPTY;
    }
    if (token.isName("is")) {
      throw tokens.error("You cannot chain multiple tests with is");
    }
    Expression argument = parsePostfix(parsePrimary());
    return new ArgumentList(List.of(argument), Map.of(), null, null);
  }

  /** One name, a namespace's attribute, or a tuple of targets. */
  AssignmentTarget parseTarget(boolean allowAttribute, boolean isLoopTarget) {
    Set<String> endNames = isLoopTarget ? Set.of("in") : Set.of();
    List<AssignmentTarget> targets = new ArrayList<>();
    boolean isTuple = false;
    while (!atTupleEnd(endNames)) {
      targets.add(parseSingleTarget(allowAttribute));
      if (!tokens.skipOperator(",")) {
        break;
      }
      isTuple = true;
    }
    if (targets.isEmpty()) {
      throw tokens.error("Expected a name, got '" + tokens.current().describe() + "'");
    }
    return isTuple ? new AssignmentTarget.Unpacked(targets) : targets.get(0);
  }

  private AssignmentTarget parseSingleTarget(boolean allowAttribute) {
    if (tokens.skipOperator("(")) {
      AssignmentTarget inner = nested(() -> parseTarget(false, false));
      tokens.expectOperator(")");
      return inner;
    }
    String name = expectAssignableName();
    if (allowAttribute && tokens.skipOperator(".")) {
      return new AssignmentTarget.NamespaceAttribute(name, tokens.expectName());
    }
    return new AssignmentTarget.Variable(name);
  }

  String expectAssignableName() {
    Token token = tokens.expect(TokenType.NAME, "name");
    if (name(token) instanceof Constant) {
      throw new TemplateException("can't assign to '" + token.text() + "'", token.line());
    }
    return token.text();
  }

  int markUnknownNames() {
    return unknownNames.size();
  }

  /** Leaves to the run what is unknown since the mark. */
  void forgiveUnknownNames(int mark) {
    unknownNames.subList(mark, unknownNames.size()).clear();
  }

  void rejectUnknownNames(int mark) {
    if (unknownNames.size() > mark) {
      UnknownName unknown = unknownNames.get(mark);
      throw new TemplateException(
          "No " + unknown.kind + " named '" + unknown.name + "'.", unknown.line);
    }
  }

  /**
   * Adds the names that {@code parse} reads to {@code names}, and to those of the enclosing parse.
   */
  <T> T collectingLoadedNames(Set<String> names, Supplier<T> parse) {
    Set<String> outer = loadedNames;
    loadedNames = names;
    T parsed = parse.get();
    loadedNames = outer;
    loadedNames.addAll(names);
    return parsed;
  }
}
