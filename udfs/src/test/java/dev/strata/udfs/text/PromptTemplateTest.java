package dev.strata.udfs.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.RowException;
import dev.strata.udfs.api.StrataException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PromptTemplateTest {

  private static final Map<String, Object> ROW =
      Map.of("text", "hello", "a.b", 7, "two words", 1.5, "été 🌞", true, "evil", "{{text}} $1 \\");

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "no placeholder | no placeholder",
        "{{text}} | hello",
        "<{{ text }}> | <hello>",
        "{{text}}{{text}} | hellohello",
        "{{a.b}}, {{two words}}, {{été 🌞}} | 7, 1.5, true",
        "{{evil}} | {{text}} $1 \\",
        "{{{{text}} | {{text}}",
        "{{{text}}} | {hello}",
        "{\"a\": {\"b\": \"{{text}}\"}} | {\"a\": {\"b\": \"hello\"}}",
        "a } b }} c | a } b }} c"
      })
  void rendersARow(String template, String expected) {
    assertThat(PromptTemplate.parse(template).render(ROW::get)).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(strings = {"{{", "a {{ b", "{{}}", "{{  }}", "{{a{b}}", "{{text}", "{{text}} {{ x"})
  void bracesThatOpenNothingAreAnError(String template) {
    assertThatThrownBy(() -> PromptTemplate.parse(template))
        .isInstanceOf(StrataException.class)
        .hasMessageContaining("opens no placeholder, at '{{");
  }

  @Test
  void columnsComeInTheirOrderOnce() {
    assertThat(PromptTemplate.parse("{{b}} {{a}} {{ b }}").columns()).containsExactly("b", "a");
  }

  @Test
  void anUnknownColumnIsNamedWithThoseThereAre() {
    PromptTemplate template = PromptTemplate.parse("{{text}} {{Title}}");
    template.checkColumns(List.of("id", "Title", "text"));
    assertThatThrownBy(() -> template.checkColumns(List.of("id", "text")))
        .isInstanceOf(StrataException.class)
        .hasMessage(
            "the prompt names the column 'Title', which the input does not have; its columns are"
                + " id, text");
  }

  @Test
  void nullAndEmptyValuesAreTheRowsErrors() {
    PromptTemplate template = PromptTemplate.parse("Text: {{text}}");
    assertThatThrownBy(() -> template.render(new HashMap<String, Object>()::get))
        .isInstanceOf(RowException.class)
        .hasMessage("column 'text' is null");
    for (String empty : List.of("", " \n\t")) {
      assertThatThrownBy(() -> template.render(column -> empty))
          .isInstanceOf(RowException.class)
          .hasMessage("column 'text' is empty");
    }
  }

  @Test
  void taskPromptsAreThoseThatTheDemoModelWasTrainedOn() {
    assertThat(TaskPrompts.summarize("text"))
        .isEqualTo("Summarize the following text in one line.\n\n{{text}}");
    assertThat(TaskPrompts.translate("french", "the text"))
        .isEqualTo("Translate the following text to French.\n\n{{the text}}");
  }

  @Test
  void languagesAreCapitalizedAndNeverPlaceholders() {
    assertThat(TaskPrompts.translate(" brazilian  portuguese ", "x"))
        .contains("to Brazilian Portuguese.");
    assertThat(TaskPrompts.translate("élfique", "x")).contains("to Élfique.");
    assertThat(PromptTemplate.parse(TaskPrompts.translate("{{a}}", "text")).columns())
        .containsExactly("text");
    assertThatThrownBy(() -> TaskPrompts.translate(" ", "x")).isInstanceOf(StrataException.class);
  }
}
