package dev.strata.udfs.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TemplateTest {

  private static String render(String source, Map<String, Object> variables) {
    return Template.parse(source).render(variables, RenderOptions.defaults());
  }

  private static TemplateException failure(String source) {
    return catchThrowableOfType(TemplateException.class, () -> render(source, Map.of()));
  }

  @Test
  void acceptsTheTypesOfJsonAndIntegers() {
    Map<String, Object> variables = new HashMap<>();
    variables.put("map", Map.of("list", Arrays.asList(1, 2L, 2.5, true, "x", null)));
    variables.put("none", null);
    assertThat(render("{{ map.list }} {{ map.list[0] + 1 }} {{ none is none }}", variables))
        .isEqualTo("[1, 2, 2.5, True, 'x', None] 2 True");
  }

  @Test
  void refusesVariablesOfOtherTypes() {
    Map<String, Object> variables = Map.of("x", List.of(new StringBuilder()));
    assertThatThrownBy(() -> render("", variables))
        .isInstanceOf(TemplateException.class)
        .hasMessageContaining("java.lang.StringBuilder");
  }

  @Test
  void leavesTheVariablesOfTheCallerAlone() {
    Map<String, Object> variables = new HashMap<>(Map.of("x", 1));
    assertThat(render("{% set x = 2 %}{% set y = 3 %}{{ x }}", variables)).isEqualTo("2");
    assertThat(variables).isEqualTo(Map.of("x", 1));
  }

  @Test
  void rendersAgainFromTheStart() {
    Template template =
        Template.parse("{% set ns = namespace(n=0) %}{% set ns.n = ns.n + 1 %}{{ ns.n }}");
    assertThat(template.render(Map.of(), RenderOptions.defaults())).isEqualTo("1");
    assertThat(template.render(Map.of(), RenderOptions.defaults())).isEqualTo("1");
  }

  @Test
  void readsTheGivenClockInItsZone() {
    Clock clock = Clock.fixed(Instant.parse("2025-12-31T23:30:00Z"), ZoneId.of("Europe/Zurich"));
    String date =
        Template.parse("{{ strftime_now('%Y-%m-%d %H:%M') }}")
            .render(Map.of(), new RenderOptions(clock, Limits.DEFAULT));
    assertThat(date).isEqualTo("2026-01-01 00:30");
  }

  @Test
  void raisesTheTemplatesOwnMessage() {
    TemplateException error = failure("a\n\n{{ raise_exception('Roles must alternate!') }}");
    assertThat(error).hasMessage("Roles must alternate!");
    assertThat(error.raisedByTemplate()).isTrue();
    assertThat(error.line()).isEqualTo(3);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "`a¶{{ x.y }}` | 2 | `'x' is undefined (line 2)`",
        "`{% if true %}¶{{ 1 + 'a' }}¶{% endif %}` | 2 | `unsupported operand type(s) for +: 'int'"
            + " and 'str' (line 2)`",
        "`{% macro m() %}¶{{ none.x.y }}{% endmacro %}¶¶{{ m() }}` | 2 | `'None' has no attribute"
            + " 'x' (line 2)`",
        "`{{ [1,¶2]|first¶|nosuch }}` | 3 | `No filter named 'nosuch'. (line 3)`",
        "`{# a¶b #}¶{% raw %}¶{% endraw %}{% nosuch %}` | 4 | `Encountered unknown tag 'nosuch'."
            + " (line 4)`",
        "`x  ¶  {%- if true -%}  ¶¶ {{ 1 / 0 }}{% endif %}` | 4 | `division by zero (line 4)`",
        "`{{ 'a¶b' }}{{ (1 }}` | 2 | `unexpected '}', expected ')' (line 2)`",
        "`¶{% for x in 5 %}{% endfor %}` | 2 | `'int' object is not iterable (line 2)`",
      })
  void namesTheLine(String source, int line, String message) {
    TemplateException error = failure(source.replace('¶', '\n'));
    assertThat(error).hasMessage(message);
    assertThat(error.line()).isEqualTo(line);
    assertThat(error.raisedByTemplate()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{% include 'a' %}",
        "{% import 'a' as b %}",
        "{% from 'a' import b %}",
        "{% extends 'a' %}"
      })
  void refusesTagsThatNeedOtherTemplates(String source) {
    assertThatThrownBy(() -> Template.parse(source))
        .isInstanceOf(TemplateException.class)
        .hasMessageContaining("is not supported: a chat template stands alone (line 1)");
  }

  @Test
  void saysThatAFilterIsNotSupported() {
    assertThat(failure("{{ 'a b'|wordwrap }}"))
        .hasMessage("the filter 'wordwrap' is not supported (line 1)");
  }
}
