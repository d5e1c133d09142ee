package dev.strata.udfs.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a hostile template can do, and what stops it. */
@Timeout(120)
class LimitsTest {
  private static final String ENDLESS =
      "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}";

  private static void assertFails(String source, Limits limits, String message) {
    assertThatThrownBy(
            () ->
                Template.parse(source, limits)
                    .render(Map.of(), new RenderOptions(Clock.systemUTC(), limits)))
        .isInstanceOf(TemplateException.class)
        .hasMessageContaining(message);
  }

  private static Limits withSteps(long steps) {
    Limits usual = Limits.DEFAULT;
    return new Limits(
        usual.sourceChars(),
        usual.nesting(),
        steps,
        usual.outputChars(),
        usual.recursion(),
        usual.time());
  }

  private static Limits withTime(Duration time) {
    Limits usual = Limits.DEFAULT;
    return new Limits(
        usual.sourceChars(),
        usual.nesting(),
        Long.MAX_VALUE / 2,
        usual.outputChars(),
        usual.recursion(),
        time);
  }

  private static Limits withOutput(int chars) {
    Limits usual = Limits.DEFAULT;
    return new Limits(
        usual.sourceChars(),
        usual.nesting(),
        usual.steps(),
        chars,
        usual.recursion(),
        usual.time());
  }

  @Test
  void boundsTheSource() {
    assertFails(" ".repeat((1 << 20) + 1), Limits.DEFAULT, "over the limit of 1048576");
  }

  @ParameterizedTest
  @CsvSource({"(,)", "[,]", "{1:,}", "'not ',''", "-,''", "f(,)", "x[,]", "'1 if 1 else ',''"})
  void boundsTheNestingOfExpressions(String opening, String closing) {
    String source = "{{ " + opening.repeat(5_000) + "1" + closing.repeat(5_000) + " }}";
    assertFails(source, Limits.DEFAULT, "nested deeper than 100");
  }

  @Test
  void boundsTheNestingOfTags() {
    assertFails("{% if 1 %}".repeat(5_000), Limits.DEFAULT, "nested deeper than 100");
  }

  @Test
  void survivesLongChainsOfOperators() {
    assertThatThrownBy(
            () ->
                Template.parse("{{ 1" + "+ 1".repeat(300_000) + " }}")
                    .render(Map.of(), RenderOptions.defaults()))
        .isInstanceOf(TemplateException.class)
        .hasMessageContaining("recursion limit");
  }

  @Test
  void boundsTheSteps() {
    assertFails(ENDLESS, Limits.DEFAULT, "exceeds 5000000 steps");
    assertFails("{% for a in range(100) %}{% endfor %}", withSteps(50), "exceeds 50 steps");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        ENDLESS,
        "{% set s = 'a' * 4000000 %}{% for a in range(100000) %}{{ s.count('b') }}{% endfor %}",
        "{% set s = 'a' * 1000000 %}{% for a in range(100000) %}{% set t = s.upper() %}{% endfor"
            + " %}",
        "{% set s = 'ab' * 1000000 %}{% for a in range(100000) %}{% set t = s|replace('a', 'c')"
            + " %}{% endfor %}",
        "{% set l = [1] * 100000 %}{% for a in range(100000) %}{% set t = l|sort|list %}{% endfor"
            + " %}",
        "{% set l = [1] * 100000 %}{% for a in range(100000) %}{% set t = l == l|list %}{% endfor"
            + " %}",
        "{% set l = [1] * 100000 %}{% for a in range(100000) %}{% set t = 2 in l %}{% endfor %}",
        "{% set l = [1] * 100000 %}{% for a in range(100000) %}{% set t = l|tojson %}{% endfor %}",
      })
  void boundsTheTime(String source) {
    assertFails(source, withTime(Duration.ofMillis(200)), "takes longer than 200 ms");
  }

  @Test
  void stopsWhenInterrupted() {
    Thread.currentThread().interrupt();
    try {
      assertFails(ENDLESS, Limits.DEFAULT, "interrupted");
    } finally {
      assertThat(Thread.interrupted()).isTrue();
    }
  }

  @Test
  void boundsTheOutput() {
    assertFails(
        "{% for a in range(2000) %}{{ 'x' * 10000 }}{% endfor %}",
        Limits.DEFAULT, "output exceeds 16777216 characters");
    assertFails("{{ 'x' * 6 }}{{ 'x' * 6 }}", withOutput(10), "output exceeds 10 characters");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{{ 'a' * 10**9 }}",
        "{{ 'a' * 10**15 }}",
        "{{ 10**9 * 'ab' }}",
        "{{ '%999999999d' % 1 }}",
        "{{ '%.999999999d' % 1 }}",
        "{{ '%*d' % (999999999, 1) }}",
        "{{ '{:999999999}'.format(1) }}",
        "{{ 'a'.center(10**12) }}",
        "{{ 'a'|center(10**12) }}",
        "{{ 'a'.ljust(10**9) }}",
        "{{ '1'.zfill(10**9) }}",
        "{{ '\t'.expandtabs(10**9) }}",
        "{% set s = 'a' * 5000 %}{{ s.replace('a', s) }}",
        "{% set s = 'a' * 5000 %}{{ s|replace('', s) }}",
        "{% set s = 'a' * 5000 %}{{ s.join(s) }}",
        "{% set s = 'a' * 5000 %}{{ s|join(s) }}",
        "{% set s = 'a\n' * 50000 %}{{ s|indent(5000) }}",
        "{% set ns = namespace(s='ab') %}{% for i in range(99) %}{% set ns.s = ns.s + ns.s %}{%"
            + " endfor %}",
        "{% set ns = namespace(s='ab') %}{% for i in range(99) %}{% set ns.s = ns.s ~ ns.s %}{%"
            + " endfor %}",
      })
  void boundsTheLengthOfATextBeforeMakingIt(String source) {
    assertFails(source, Limits.DEFAULT, "exceeds 16777216 characters");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{{ [1] * 10**9 }}",
        "{{ [1] * 10**15 }}",
        "{{ [1]|batch(10**12, 'x')|list }}",
        "{{ [1]|slice(10**9)|list }}",
        "{% set ns = namespace(s=[1]) %}{% for i in range(99) %}{% set ns.s = ns.s + ns.s %}{%"
            + " endfor %}",
        "{% set ns = namespace(s=[1]) %}{% for i in range(24) %}{% set ns.s = [ns.s, ns.s] %}{%"
            + " endfor %}{{ ns.s }}",
        "{% set ns = namespace(s=[1]) %}{% for i in range(24) %}{% set ns.s = [ns.s, ns.s] %}{%"
            + " endfor %}{{ ns.s|tojson }}",
      })
  void boundsTheSizeOfLists(String source) {
    assertFails(source, Limits.DEFAULT, "exceeds 5000000 steps");
  }

  @Test
  void boundsRanges() {
    assertFails("{{ range(10**12) }}", Limits.DEFAULT, "Range too big");
    assertFails("{{ range(0 - 10**18, 10**18) }}", Limits.DEFAULT, "Range too big");
  }

  @ParameterizedTest
  @ValueSource(strings = {"{{ 9**(9**9) }}", "{{ 2**(10**30) }}", "{{ (2**60000) * (2**60000) }}"})
  void boundsIntegers(String source) {
    assertFails(source, Limits.DEFAULT, "integer exceeds 65536 bits");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% macro m() %}{{ caller() }}{% endmacro %}{% macro n() %}{% call m() %}{{ n() }}{%"
            + " endcall %}{% endmacro %}{{ n() }}",
        "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
        "{% set ns = namespace(s=[1]) %}{% for i in range(999) %}{% set ns.s = [ns.s] %}{% endfor"
            + " %}{{ ns.s }}",
        "{% set ns = namespace(s=[1]) %}{% for i in range(999) %}{% set ns.s = [ns.s] %}{% endfor"
            + " %}{{ ns.s|tojson }}",
        "{% set ns = namespace(s=1, t=1) %}{% for i in range(999) %}{% set ns.s = [ns.s] %}{% set"
            + " ns.t = [ns.t] %}{% endfor %}{{ ns.s == ns.t }}",
        "{% set ns = namespace() %}{% set ns.s = [ns] %}{{ ns }}",
      })
  void boundsRecursion(String source) {
    assertFails(source, Limits.DEFAULT, "recursion");
  }

  @Test
  void boundsTheNestingOfVariables() {
    List<Object> cyclic = new ArrayList<>();
    cyclic.add(cyclic);
    assertThatThrownBy(
            () -> Template.parse("").render(Map.of("x", cyclic), RenderOptions.defaults()))
        .isInstanceOf(TemplateException.class)
        .hasMessageContaining("recursion");
  }

  @Test
  void refusesLimitsThatAreNotPositive() {
    assertThatThrownBy(() -> new Limits(1, 1, 0, 1, 1, Duration.ofSeconds(1)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> withTime(Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("PT0S");
  }
}
