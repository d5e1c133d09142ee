package dev.strata.udfs.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Clock;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every operation on values that could make it run long: each notices the clock. Of all pairs of
 * operations and values one in so many is tried, or each with {@code -Dstrata.long=true}.
 */
@Timeout(600)
class BudgetTest {

  private static final int ONE_IN = Boolean.getBoolean("strata.long") ? 1 : 11;

  private static final Duration TIME = Duration.ofMillis(2);

  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  /** What a single look at the longest of the values may take of the thread's own time. */
  private static final Duration GRACE = Duration.ofSeconds(2);

  private static final RenderOptions OPTIONS =
      new RenderOptions(
          Clock.systemUTC(), new Limits(1 << 20, 100, Long.MAX_VALUE / 32, 1 << 22, 150, TIME));

  /** Values that are cheap to name and costly to look at. */
  private static final Map<String, Object> VALUES =
      Map.of(
          "text", "a".repeat(1 << 20),
          "markup", "<&>'\"".repeat(1 << 18),
          "lines", "\n".repeat(1 << 20),
          "digits", "9".repeat(1 << 20),
          "half", "a".repeat(1 << 19) + "b",
          "list", Collections.nCopies(100_000, 1L),
          "texts", Collections.nCopies(1_000, "a".repeat(1_000)),
          "fields", "{0}%s%c".repeat(100_000),
          "dict", numbered(20_000));

  /** A tuple that holds itself twice, 60 levels deep, and an integer of 60,000 bits. */
  private static final String MORE =
      "{% set ns = namespace(t=(1, 2)) %}{% for i in range(60) %}{% set ns.t = (ns.t, ns.t) %}{%"
          + " endfor %}{% set deep = ns.t %}{% set large = 2 ** 60000 %}{% set many = range(100000)"
          + " %}";

  private static final List<String> NAMES =
      Stream.concat(VALUES.keySet().stream(), Stream.of("deep", "large", "many")).sorted().toList();

  private static Map<String, Object> numbered(int size) {
    return Stream.iterate(0, i -> i + 1)
        .limit(size)
        .collect(Collectors.toMap(i -> "k" + i, i -> (Object) i));
  }

  private int pairs;

  private void assertPairEnds(String expression) {
    if (pairs++ % ONE_IN == 0) {
      assertEnds(expression);
    }
  }

  /** Renders an expression very often; it ends in time, if only because it fails. */
  private static void assertEnds(String expression) {
    String source =
        MORE
            + "{% for i in range(100000) %}{% set x = ("
            + expression
            + ") %}{% endfor %}{% for i in range(100000) %}{% for j in many %}{% endfor %}{% endfor"
            + " %}";
    Template template = Template.parse(source);
    long start = THREADS.getCurrentThreadCpuTime();
    assertThatThrownBy(() -> template.render(VALUES, OPTIONS))
        .as(expression)
        .isInstanceOf(TemplateException.class);
    Duration taken = Duration.ofNanos(THREADS.getCurrentThreadCpuTime() - start);
    assertThat(taken).as(expression).isLessThan(GRACE);
  }

  @Test
  void everyFilterEndsInTime() {
    for (String filter : new TreeSet<>(Filters.names())) {
      for (String value : NAMES) {
        assertPairEnds("%s|%s|list|length".formatted(value, filter));
        assertPairEnds("%s|%s(half)|string|length".formatted(value, filter));
      }
    }
  }

  @Test
  void replaceJoinAndFormatEndInTime() {
    for (String value : NAMES) {
      for (String expression :
          List.of(
              "%s|replace(half, 'x')",
              "%s|replace('a', 'x')",
              "%s|replace('', 'x')",
              "%s|join(text)",
              "%s|map('string')|join",
              "%s|map('upper')|list",
              "fields|format(%s)",
              "fields %% %s",
              "fields %% (%s, %s)",
              "fields.format(%s)",
              "text ~ %s",
              "[%s] * 1000",
              "{%s: 1}",
              "dict([(%s, 1)])",
              "{1: 2}[%s]",
              "dict.get(%s)",
              "%s|unique|list",
              "%s|map('unique')|list",
              "%s is divisibleby(large)",
              "%s|selectattr('x')|list",
              "%s|select('in', text)|list",
              "%s|groupby(0)",
              "%s|sum(start=[])",
              "-%s",
              "not %s",
              "%s[::-1]",
              "%s[5:]",
              "%s[-1]",
              "%s if %s else 1",
              "(%s,)|sort",
              "[%s, %s]|sort",
              "[%s, %s]|max",
              "namespace(**%s)",
              "dict(*[%s])",
              "cycler(*%s)",
              "%s.x",
              "%s|tojson(indent=9)",
              "strftime_now(%s)",
              "raise_exception(%s)",
              "range(%s)",
              "%s is string and %s is upper")) {
        assertPairEnds(expression.replace("%s", value).replace("%%", "%"));
      }
    }
  }

  @Test
  void everyMethodOfTextsEndsInTime() {
    for (String method : new TreeSet<>(StringMethods.NAMES)) {
      for (String value : List.of("text", "fields", "markup|safe")) {
        for (String arguments : List.of("", "half", "'a', text", "large")) {
          assertPairEnds("(%s).%s(%s)|length".formatted(value, method, arguments));
        }
      }
    }
  }

  @Test
  void everyMethodOfCollectionsEndsInTime() {
    for (String method : List.of("index", "count", "copy", "get", "keys", "values", "items")) {
      for (String value : List.of("list", "texts", "dict", "deep")) {
        for (String arguments : List.of("", "deep", "text", "3")) {
          assertPairEnds("%s.%s(%s)|list|length".formatted(value, method, arguments));
        }
      }
    }
  }

  @Test
  void everyOperatorAndTestEndsInTime() {
    Set<String> operators = new TreeSet<>();
    for (ArithmeticOperator operator : ArithmeticOperator.values()) {
      operators.add(operator.symbol());
    }
    for (ComparisonOperator operator : ComparisonOperator.values()) {
      operators.add(operator.symbol());
    }
    for (String left : NAMES) {
      for (String right : List.of("half", "large", "deep")) {
        operators.forEach(operator -> assertPairEnds(left + " " + operator + " " + right));
      }
      new TreeSet<>(Tests.UNARY).forEach(test -> assertPairEnds(left + " is " + test));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{deep: 1}",
        "deep == (deep, deep)[0]",
        "text.find(half)",
        "text.rfind('b' ~ text[:500000])",
        "text.split(half)",
        "text.rsplit('a', 999999)|length",
        "text.strip(text)",
        "markup|e",
        "'%.4000000f' % 1e300",
        "'%.4000000e' % 1e300",
        "'%#.4000000g' % 1e300",
        "'{:.4000000f}'.format(1e300)",
        "large|string",
        "large * large // large",
        "digits|int",
        "digits|float",
      })
  void theCasesThatWereFoundEndInTime(String expression) {
    assertEnds(expression);
  }

  @Test
  void aStepOfManyNodesEndsInTime() {
    assertEnds("[" + "1,".repeat(200_000) + "]");
    assertEnds("y" + " or y".repeat(1_000));
    assertEnds("y" + " ~ y".repeat(100_000));
  }

  @Test
  void literalsOfManyDigitsAreRefusedAtOnce() {
    for (String prefix : List.of("1", "0x1", "0b1", "0o1")) {
      assertThatThrownBy(() -> Template.parse("{{ " + prefix + "0".repeat(500_000) + " }}"))
          .isInstanceOf(TemplateException.class)
          .hasMessage("integer exceeds 65536 bits (line 1)");
    }
  }

  @Test
  void textsBeyondTheLimitAreNotMade() {
    RenderOptions options =
        new RenderOptions(
            Clock.systemUTC(),
            new Limits(1 << 20, 100, 5_000_000, 1 << 20, 150, Duration.ofSeconds(60)));
    Map<String, Object> variables =
        Map.of(
            "lt", "<".repeat(300_000), "nul", "\0".repeat(300_000), "sharp", "ß".repeat(600_000));
    for (String expression :
        List.of(
            "lt|e",
            "lt|forceescape",
            "nul|tojson",
            "[nul]",
            "sharp|upper",
            "sharp.upper()",
            "(lt|safe) + lt",
            "'%r' % nul",
            "strftime_now('%c' * 100000)",
            "lt.replace('<', '....')")) {
      Template template = Template.parse("{% set x = (" + expression + ")|string %}");
      assertThatThrownBy(() -> template.render(variables, options))
          .as(expression)
          .isInstanceOf(TemplateException.class)
          .hasMessage("text exceeds 1048576 characters (line 1)");
    }
  }

  /** Java's own conversion makes a copy of the whole for each character that grows. */
  @Test
  void charactersThatGrowTakeNoSquareOfTheTime() {
    Map<String, Object> variables =
        Map.of("sharp", "ß".repeat(500_000), "dotted", "\u0130".repeat(500_000));
    Template template =
        Template.parse(
            "{{ sharp|upper|length }} {{ sharp.upper()|length }} {{ dotted|lower|length }} {{"
                + " dotted.lower()|length }} {{ dotted|capitalize|length }}");
    assertThat(template.render(variables, RenderOptions.defaults()))
        .isEqualTo("1000000 1000000 1000000 1000000 999999");
  }

  @Test
  void messagesAreCut() {
    assertThatThrownBy(
            () ->
                Template.parse("{{ raise_exception(text) }}")
                    .render(VALUES, RenderOptions.defaults()))
        .satisfies(e -> assertThat(e.getMessage()).hasSize(10_001).endsWith("a…"));
  }
}
