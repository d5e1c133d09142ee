package dev.strata.udfs.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.Message;
import dev.strata.udfs.api.RowException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TemplateArgumentsTest {

  private static final List<Message> CONVERSATION = List.of(new Message("user", "Hello"));

  /** A template that thinks unless it is told not to. */
  @Test
  void thinkingIsSwitchedOff() {
    String on = "<|start|>user\nHello<|stop|>\n<|start|>assistant\n";
    try (ModelText text = model(resource("/jinja/templates/qwen-style.jinja"))) {
      assertThat(rendered(text, "{}")).isEqualTo(on);
      assertThat(rendered(text, "{\"enable_thinking\": true}")).isEqualTo(on);
      assertThat(rendered(text, "{\"enable_thinking\": null}")).isEqualTo(on);
      assertThat(rendered(text, "{\"enable_thinking\": false}"))
          .isEqualTo(on + "<think>\n\n</think>\n\n");
      assertThat(text.unused(arguments("{\"enable_thinking\": 1, \"enable_thinkings\": 1}")))
          .containsExactly("enable_thinkings");
      assertThat(text.hasChatTemplate()).isTrue();
    }
  }

  /** Qwen3's own template, against what jinja2 makes of it. */
  @Test
  void thinkingOfQwen3IsSwitchedOff() {
    String on = "<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n";
    try (ModelText text = model(resource("/jinja/templates/qwen3.jinja"))) {
      assertThat(rendered(text, "{}")).isEqualTo(on);
      assertThat(rendered(text, "{\"enable_thinking\": true}")).isEqualTo(on);
      assertThat(rendered(text, "{\"enable_thinking\": false}"))
          .isEqualTo(on + "<think>\n\n</think>\n\n");
    }
  }

  /** As transformers binds them: above its own variables and the special tokens. */
  @Test
  void argumentsLieOverWhatTemplatesAreGiven() {
    String template = "{{ bos_token }}{{ tools }}{{ documents }}{{ add_generation_prompt }}";
    try (ModelText text = model(template)) {
      assertThat(rendered(text, "{}")).isEqualTo("<|begin_of_text|>NoneNoneTrue");
      assertThat(
              rendered(
                  text,
                  "{\"bos_token\": \"B\", \"tools\": [{\"name\": \"f\"}], \"documents\": [],"
                      + " \"add_generation_prompt\": false}"))
          .isEqualTo("B[{'name': 'f'}][]False");
    }
  }

  @Test
  void valuesAreWhatPythonReads() {
    try (ModelText text = model("{{ x }}|{{ x | tojson }}")) {
      assertThat(
              rendered(
                  text,
                  "{\"x\": [1, -0, 1.0, 1e3, 9223372036854775807, true, null, \"\\u00e9'\","
                      + " {\"z\": 1, \"a\": {}}]}"))
          .isEqualTo(
              "[1, 0, 1.0, 1000.0, 9223372036854775807, True, None, \"é'\", {'z': 1, 'a': {}}]"
                  + "|[1, 0, 1.0, 1000.0, 9223372036854775807, true, null, \"é'\","
                  + " {\"z\": 1, \"a\": {}}]");
      assertThat(rendered(text, "{\"x\": 1, \"x\": 2}")).isEqualTo("2|2");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "null",
        "[]",
        "\"a\"",
        "enable_thinking=false",
        "{",
        "{}}",
        "{\"a\":}",
        "{'a': 1}",
        "{\"a\": NaN}",
        "{\"a\": 01}",
        "{\"a\": tru}",
        "{a: 1}",
        "{} {}",
        "{\"a\": 1,}",
        "{\"a\" 1}"
      })
  void whatIsNoObjectIsSaid(String json) {
    assertThatThrownBy(() -> arguments(json))
        .isInstanceOf(RowException.class)
        .hasMessage(
            "chat_template_kwargs is '%s'; it must be a JSON object such as {\"enable_thinking\":"
                + " false}",
            json);
  }

  @Test
  void valuesHaveLimits() {
    assertThatThrownBy(() -> arguments("{\"a\": 9223372036854775808}"))
        .hasMessage(
            "chat_template_kwargs has the number 9223372036854775808, which is out of range");
    assertThatThrownBy(() -> arguments("{\"a\": 1e400}"))
        .hasMessage("chat_template_kwargs has the number 1e400, which is out of range");
    assertThatThrownBy(() -> arguments("{\"a\": 1." + "1".repeat(500) + "}"))
        .isInstanceOf(RowException.class)
        .hasMessageEndingWith("..., which is out of range");
    assertThatThrownBy(() -> arguments("{\"a\": ".repeat(100_000)))
        .isInstanceOf(RowException.class)
        .hasMessage("chat_template_kwargs is nested deeper than 64 levels");
    assertThatThrownBy(() -> arguments("{\"a\": " + "[".repeat(100_000)))
        .hasMessage("chat_template_kwargs is nested deeper than 64 levels");
    assertThatThrownBy(() -> arguments("\n" + "x".repeat(1_000_000)))
        .hasMessageStartingWith("chat_template_kwargs is ' " + "x".repeat(59) + "...'");
  }

  @ParameterizedTest
  @ValueSource(strings = {"messages", "conversation", "tokenize", "chat_template", "padding"})
  void whatIsNoVariableIsRefused(String name) {
    assertThatThrownBy(() -> arguments("{\"%s\": null}".formatted(name)))
        .isInstanceOf(RowException.class)
        .hasMessage(
            "chat_template_kwargs names '%s', which is no variable of a template; leave it out",
            name);
  }

  @Test
  void aRowsArgumentsLieOverTheRuns() {
    TemplateArguments run = arguments("{\"b\": 1, \"a\": 1}");
    TemplateArguments row = arguments("{\"c\": {\"y\": 0, \"x\": \"<\"}, \"b\": 2.0}");
    assertThat(row.over(run)).hasToString("{\"a\":1,\"b\":2.0,\"c\":{\"y\":0,\"x\":\"<\"}}");
    assertThat(TemplateArguments.NONE.over(run)).isSameAs(run);
    assertThat(row.over(TemplateArguments.NONE)).isSameAs(row);
  }

  @Test
  void argumentsAreSent() throws Exception {
    ByteArrayOutputStream sent = new ByteArrayOutputStream();
    TemplateArguments arguments = arguments("{\"a\": [1, null, {\"b\": 2.5}]}");
    new ObjectOutputStream(sent).writeObject(arguments);
    Object received =
        new ObjectInputStream(new ByteArrayInputStream(sent.toByteArray())).readObject();
    assertThat(((TemplateArguments) received).values())
        .isEqualTo(Map.of("a", Arrays.asList(1L, null, Map.of("b", 2.5))));
  }

  @Test
  void aModelWithoutATemplateTakesNone() {
    try (ModelText text = Checkpoint.of("demo").without("chat_template.jinja").load()) {
      assertThat(text.hasChatTemplate()).isFalse();
      assertThat(rendered(text, "{}")).isEqualTo("Hello");
      assertThatThrownBy(() -> rendered(text, "{\"enable_thinking\": false}"))
          .isInstanceOf(RowException.class)
          .hasMessage(
              "the model has no chat template, so chat_template_kwargs [enable_thinking] cannot be"
                  + " given to it");
    }
  }

  private static TemplateArguments arguments(String json) {
    return TemplateArguments.parse(json);
  }

  private static String rendered(ModelText text, String json) {
    return text.prompt(CONVERSATION, arguments(json)).text();
  }

  private static ModelText model(String template) {
    return Checkpoint.of("demo").with("chat_template.jinja", template).load();
  }

  private static String resource(String name) {
    try (InputStream stream = TemplateArgumentsTest.class.getResourceAsStream(name)) {
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
