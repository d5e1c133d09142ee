package dev.strata.udfs.jinja;

import dev.strata.udfs.Fuzzer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Templates of strangers: known ones with their tokens changed, and ones that a grammar makes. Each
 * renders or fails with a {@link TemplateException}, soon; {@link Fuzzer} says how. The limits are
 * a hundredth of a model's, so that what does not keep to them shows.
 */
class TemplateFuzzTest {

  private static final Path TEMPLATES =
      Path.of(System.getProperty("strata.root"), "udfs/src/test/resources/jinja/templates");

  private static final Limits LIMITS =
      new Limits(1 << 20, 100, 50_000, 160 << 10, 150, Duration.ofSeconds(5));

  /** Steps are bounded, and each makes so much at most. */
  private static final long BYTES_OF_ANY = 32L << 20;

  private static final Map<String, Object> VARIABLES = new HashMap<>();

  static {
    VARIABLES.put(
        "messages",
        List.of(
            Map.of("role", "system", "content", "Be brief."),
            Map.of("role", "user", "content", "a <b> & 'é' \ud83d\ude00"),
            Map.of("role", "assistant", "content", "")));
    VARIABLES.put("tools", null);
    VARIABLES.put("add_generation_prompt", true);
    VARIABLES.put("bos_token", "<s>");
    VARIABLES.put("n", 3);
    VARIABLES.put("xs", Arrays.asList(3, 1.5, "x", null, true, List.of(1)));
    VARIABLES.put("d", Map.of("a", 1, "b", List.of("c")));
    VARIABLES.put("long", "ab, ".repeat(5_000));
  }

  @Test
  void changedTemplates() {
    Fuzzer.run(known(), TemplateFuzzTest::render, BYTES_OF_ANY);
  }

  @Test
  void generatedTemplates() {
    Random random = new Random(5);
    Fuzzer.run(
        List.of("{{ messages[0].content }}"),
        () -> new Grammar(random).template(),
        TemplateFuzzTest::render,
        BYTES_OF_ANY);
  }

  private static void render(String source) {
    try {
      Template.parse(source, LIMITS)
          .render(VARIABLES, new RenderOptions(Clock.systemUTC(), LIMITS));
    } catch (TemplateException e) {
      // Its message may hold what the template says.
    }
  }

  private static List<String> known() {
    try (Stream<Path> files = Files.list(TEMPLATES)) {
      return files.sorted().map(TemplateFuzzTest::read).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Makes templates. */
  private static final class Grammar {

    private static final String[] LITERALS = {
      "0",
      "1",
      "-1",
      "2",
      "7",
      "3.5",
      "1e308",
      "1e-320",
      "10**30",
      "2**63",
      "9223372036854775807",
      "9".repeat(400),
      "true",
      "none",
      "''",
      "'a'",
      "'é\\n'",
      "'{}'",
      "'%s'",
      "'%999999999d'",
      "'{:>999999999}'",
      "'{0.a}'",
      "'%Y'",
      "' a b '",
      "'\ud83d\ude00'",
      "[]",
      "{}",
      "()",
      "1000000000",
      "100000",
      "'x' * 100000",
      "[0] * 100000",
      "range(1000000)",
      "range(0, 10**18, 10**17)",
      "'\\ud83d'",
      "undefined_name"
    };

    private static final String[] NAMES = {
      "messages",
      "tools",
      "bos_token",
      "n",
      "xs",
      "d",
      "long",
      "loop",
      "loop.index",
      "x",
      "y",
      "ns",
      "messages[0]",
      "messages[0].content",
      "m",
      "caller"
    };

    private static final String[] FILTERS = {
      "abs",
      "attr('a')",
      "batch(3)",
      "capitalize",
      "center(80)",
      "count",
      "d('z')",
      "default('z', true)",
      "dictsort",
      "e",
      "escape",
      "filesizeformat",
      "first",
      "float",
      "forceescape",
      "format(1)",
      "groupby('role')",
      "indent(4)",
      "int",
      "items",
      "join(', ')",
      "last",
      "length",
      "list",
      "lower",
      "map('upper')",
      "map(attribute='role')",
      "max",
      "min",
      "pprint",
      "random",
      "reject('none')",
      "rejectattr('role', 'equalto', 'user')",
      "replace('a', 'bb')",
      "reverse",
      "round(2)",
      "safe",
      "select('string')",
      "selectattr('role')",
      "slice(2)",
      "sort",
      "string",
      "striptags",
      "sum(start=[])",
      "title",
      "tojson",
      "tojson(indent=2)",
      "trim",
      "truncate(5)",
      "unique",
      "upper",
      "urlencode",
      "wordcount",
      "wordwrap(3)",
      "xmlattr",
      "nosuch"
    };

    private static final String[] TESTS = {
      "defined", "undefined", "none", "string", "number", "mapping", "iterable", "sequence", "true",
      "odd", "even", "divisibleby(3)", "in xs", "eq(1)", "sameas(none)", "callable", "lower",
          "nosuch"
    };

    private static final String[] METHODS = {
      "upper()",
      "strip()",
      "strip('a')",
      "split(',')",
      "split()",
      "rsplit(',', 1)",
      "splitlines()",
      "join(xs)",
      "replace('a', 'b')",
      "replace('', 'x')",
      "startswith('a')",
      "endswith(('a', 'b'))",
      "find('b')",
      "rfind('b,')",
      "count('a')",
      "index('a')",
      "format(1, a=2)",
      "items()",
      "keys()",
      "values()",
      "get('a')",
      "append(1)",
      "pop()",
      "zfill(100)",
      "center(1000, 'x')",
      "ljust(9)",
      "expandtabs(1000)",
      "title()",
      "translate({})",
      "partition(' ')",
      "encode()",
      "isdigit()",
      "capitalize()",
      "__class__",
      "swapcase()",
      "removeprefix('a')",
      "copy()",
      "update(d)",
      "extend(xs)"
    };

    private static final String[] OPERATORS = {
      " + ",
      " - ",
      " * ",
      " / ",
      " // ",
      " % ",
      " ** ",
      " ~ ",
      " == ",
      " != ",
      " < ",
      " >= ",
      " and ",
      " or ",
      " in ",
      " not in "
    };

    private final Random random;

    Grammar(Random random) {
      this.random = random;
    }

    private String any(String... choices) {
      return choices[random.nextInt(choices.length)];
    }

    String template() {
      StringBuilder template = new StringBuilder();
      int statements = 1 + random.nextInt(4);
      for (int i = 0; i < statements; i++) {
        template.append(statement(3));
      }
      return template.toString();
    }

    private String statement(int depth) {
      if (depth == 0) {
        return "{{ " + expression(2) + " }}";
      }
      String dash = any("", "", "-");
      return switch (random.nextInt(11)) {
        case 0 -> "text " + any("\n", " ", "é");
        case 1 ->
            "{%%%s if %s %%}%s{%% elif %s %%}%s{%% else %%}b{%% endif %s%%}"
                .formatted(
                    dash,
                    expression(2),
                    statement(depth - 1),
                    expression(1),
                    statement(depth - 1),
                    dash);
        case 2, 3 ->
            "{%% for %s in %s%s %%}%s%s{%% else %%}none{%% endfor %%}"
                .formatted(
                    any("x", "x, y", "m"),
                    expression(2),
                    any("", " if " + expression(1), " recursive"),
                    statement(depth - 1),
                    any("", "{{ loop(xs) }}", "{% break %}", "{{ loop.cycle(1, 2) }}"));
        case 4 ->
            "{%% set %s = %s %%}"
                .formatted(any("x", "y", "x, y", "ns.a", "messages"), expression(3));
        case 5 -> "{%% set x %%}%s{%% endset %%}".formatted(statement(depth - 1));
        case 6 ->
            "{%% macro f(a, b=%s) %%}%s{{ caller() if caller }}%s{%% endmacro %%}{{ f(%s) }}"
                .formatted(
                    expression(1), statement(depth - 1), any("", "{{ f(a) }}"), expression(1));
        case 7 ->
            "{%% call f(%s) %%}%s{%% endcall %%}".formatted(expression(1), statement(depth - 1));
        case 8 ->
            "{%% filter %s %%}%s{%% endfilter %%}".formatted(any(FILTERS), statement(depth - 1));
        case 9 -> "{% set ns = namespace(a=" + expression(2) + ") %}{{ ns.a }}";
        default -> "{{" + dash + " " + expression(4) + " }}";
      };
    }

    private String expression(int depth) {
      if (depth == 0) {
        return random.nextBoolean() ? any(LITERALS) : any(NAMES);
      }
      String inner = expression(depth - 1);
      return switch (random.nextInt(14)) {
        case 0, 1, 2 -> "(" + inner + ")|" + any(FILTERS);
        case 3 -> "(" + inner + ") is " + any("", "not ") + any(TESTS);
        case 4, 5 -> "(" + inner + ")." + any(METHODS);
        case 6 -> "(" + inner + any(OPERATORS) + expression(depth - 1) + ")";
        case 7 -> "[" + inner + ", " + expression(depth - 1) + "]";
        case 8 -> "{" + expression(0) + ": " + inner + "}";
        case 9 -> "(" + inner + ")[" + expression(1) + "]";
        case 10 ->
            "("
                + inner
                + ")["
                + any("", "1", "-2")
                + ":"
                + any("", "5", "-1")
                + any("", ":-1", ":2", ":0")
                + "]";
        case 11 -> "(" + inner + " if " + expression(depth - 1) + " else " + expression(0) + ")";
        case 12 ->
            any(
                    "raise_exception",
                    "strftime_now",
                    "dict",
                    "range",
                    "lipsum",
                    "cycler",
                    "joiner",
                    "namespace")
                + "("
                + any("", inner, "a=" + inner, "*" + inner, "**" + inner)
                + ")";
        default -> any("not ", "-", "+") + "(" + inner + ")";
      };
    }
  }
}
