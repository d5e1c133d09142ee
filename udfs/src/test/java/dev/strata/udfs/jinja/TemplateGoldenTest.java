package dev.strata.udfs.jinja;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.strata.udfs.jinja.Goldens.Result;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Compares renders with those of Python's jinja2, byte for byte. */
class TemplateGoldenTest {

  @TestFactory
  Stream<DynamicTest> rendersChatTemplatesAsPythonDoes() {
    JsonObject cases = Goldens.json("cases.json");
    JsonObject expected = Goldens.json("expected.json");
    return expected.keySet().stream()
        .flatMap(name -> templateTests(name, cases, expected.getAsJsonObject(name)));
  }

  private static Stream<DynamicTest> templateTests(
      String name, JsonObject cases, JsonObject expected) {
    String source = Goldens.resource("templates/" + name);
    return cases.keySet().stream()
        .map(
            title ->
                DynamicTest.dynamicTest(
                    name + ": " + title,
                    () -> {
                      Map<String, Object> variables = Goldens.variables(cases.get(title));
                      assertThat(Result.render(source, variables))
                          .isEqualTo(Result.of(expected.getAsJsonObject(title)));
                    }));
  }

  @TestFactory
  Stream<DynamicTest> rendersSnippetsAsPythonDoes() {
    JsonObject goldens = Goldens.json("snippets.json");
    Map<String, Object> variables = Goldens.variables(goldens.get("variables"));
    return goldens.getAsJsonArray("snippets").asList().stream()
        .map(JsonElement::getAsJsonObject)
        .map(golden -> snippetTest(golden, variables));
  }

  private static DynamicTest snippetTest(JsonObject golden, Map<String, Object> variables) {
    String source = golden.get("source").getAsString();
    return DynamicTest.dynamicTest(
        "snippet: " + source,
        () -> assertThat(Result.render(source, variables)).as(source).isEqualTo(Result.of(golden)));
  }
}
