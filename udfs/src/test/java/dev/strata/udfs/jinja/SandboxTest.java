package dev.strata.udfs.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a template must not reach or change. */
class SandboxTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "''.__class__.__mro__",
        "[].__class__()",
        "{}['__class__'].x",
        "(1).__class__.x",
        "none.__class__.x",
        "range.__globals__.x",
        "raise_exception.__globals__['x']",
        "''.join.__self__.x",
        "''|attr('__class__')|attr('__mro__')",
        "[''].__class__.__base__",
        "'{0.__class__.__mro__}'.format(1)",
        "namespace().__class__.x",
        "x.append(4)",
        "x.extend([4])",
        "x.insert(0, 4)",
        "x.pop()",
        "x.remove(1)",
        "x.clear()",
        "x.sort()",
        "x['reverse']()",
        "(x|attr('append'))(4)",
        "d.update({'a': 2})",
        "d.pop('a')",
        "d.popitem()",
        "d.setdefault('b', 1)",
        "d.clear()",
        "d['up' ~ 'date'](a=2)",
      })
  void refusesUnsafeAttributes(String expression) {
    List<Object> list = new ArrayList<>(List.of(1, 2));
    Map<String, Object> variables = Map.of("x", list, "d", Map.of("a", 1));
    Template template = Template.parse("{{ " + expression + " }}");
    assertThatThrownBy(() -> template.render(variables, RenderOptions.defaults()))
        .isInstanceOf(TemplateException.class)
        .hasMessageContaining("is unsafe");
    assertThat(list).containsExactly(1, 2);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{{ self }}",
        "{{ context }}",
        "{{ environment }}",
        "{{ lipsum }}",
        "{{ request }}"
      })
  void bindsNoMoreNamesThanTransformers(String source) {
    assertThat(Template.parse(source).render(Map.of(), RenderOptions.defaults())).isEmpty();
  }
}
