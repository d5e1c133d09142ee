package dev.strata.udfs.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.Message;
import dev.strata.udfs.api.StrataException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Which of several templates is taken, as by transformers' {@code get_chat_template}. */
class ChatTemplatesTest {

  private static final List<Message> CONVERSATION = List.of(new Message("user", "Hi"));
  private static final String TOOLS = "{\"tools\": [{\"name\": \"f\"}]}";

  private static final Map<String, String> ALL =
      Map.of(
          "default", "d {{ messages[0].content }}",
          "tool_use", "t {{ tools | length }}",
          "rag", "r {{ documents }}");

  private static ChatTemplates templates(Map<String, String> sources) {
    return new ChatTemplates(sources, Map.of(), "/models/x");
  }

  private static String rendered(Map<String, String> sources, String name, String arguments) {
    return templates(sources).render(CONVERSATION, TemplateArguments.ofRun(name, arguments));
  }

  @Test
  void theDefaultIsTakenButForTools() {
    assertThat(rendered(ALL, null, null)).isEqualTo("d Hi");
    assertThat(rendered(ALL, null, TOOLS)).isEqualTo("t 1");
    assertThat(rendered(ALL, null, "{\"tools\": []}")).isEqualTo("t 0");
    assertThat(rendered(ALL, null, "{\"tools\": null}")).isEqualTo("d Hi");
    assertThat(rendered(Map.of("default", "d"), null, TOOLS)).isEqualTo("d");
    assertThat(rendered(Map.of("tool_use", "t"), null, TOOLS)).isEqualTo("t");
  }

  @Test
  void theOneThatIsNamedIsTaken() {
    assertThat(rendered(ALL, "rag", "{\"documents\": [1]}")).isEqualTo("r [1]");
    assertThat(rendered(ALL, "default", TOOLS)).isEqualTo("d Hi");
  }

  @Test
  void aNameThatIsNotThereIsRefused() {
    assertThatThrownBy(() -> rendered(Map.of("default", "d"), "defualt", null))
        .isInstanceOfSatisfying(
            StrataException.class,
            e -> assertThat(e.fault()).isEqualTo(StrataException.Fault.USAGE))
        .hasMessage(
            "--chat-template-name (spark.strata.chat.template.name) is 'defualt', which is no chat"
                + " template of /models/x; did you mean 'default'?; those are default");
    PromptFormat plain = new PlainPrompt();
    plain.require(TemplateArguments.NONE);
    assertThatThrownBy(() -> plain.require(TemplateArguments.ofRun("rag", null)))
        .isInstanceOf(StrataException.class)
        .hasMessage(
            "--chat-template-name (spark.strata.chat.template.name) is 'rag', and the model has no"
                + " chat template; leave it out");
  }

  @Test
  void withoutADefaultOneHasToBeNamed() {
    ChatTemplates templates = templates(Map.of("rag", "r"));
    templates.require(TemplateArguments.ofRun("rag", null));
    assertThatThrownBy(() -> templates.require(TemplateArguments.ofRun(null, TOOLS)))
        .isInstanceOfSatisfying(
            StrataException.class,
            e -> assertThat(e.fault()).isEqualTo(StrataException.Fault.MODEL))
        .hasMessage(
            "/models/x has the chat templates [rag], and none of them is named 'default'; choose"
                + " one by --chat-template-name");
  }

  /** One that is damaged hurts nobody who does not want it. */
  @Test
  void templatesAreReadWhenTheyAreUsed() {
    Map<String, String> sources = Map.of("default", "d", "rag", "{% if %}");
    assertThat(rendered(sources, null, null)).isEqualTo("d");
    for (String name : List.of("rag", "default")) {
      assertThatThrownBy(
              () -> rendered(Map.of("rag", "{% if %}", "default", "{% if %}"), name, null))
          .isInstanceOf(StrataException.class)
          .hasMessageStartingWith("/models/x has a chat template that cannot be read: ");
    }
    assertThatThrownBy(() -> rendered(sources, "rag", null)).isInstanceOf(StrataException.class);
  }

  @Test
  void aRowsArgumentsKeepTheRunsTemplate() {
    TemplateArguments run = TemplateArguments.ofRun("rag", "{\"documents\": [1], \"x\": 1}");
    TemplateArguments row = TemplateArguments.parse(TOOLS);
    assertThat(row.over(run).template()).isEqualTo("rag");
    assertThat(TemplateArguments.NONE.over(run).template()).isEqualTo("rag");
    assertThat(row.over(TemplateArguments.ofRun("rag", null)).names()).containsExactly("tools");
    assertThat(row.over(TemplateArguments.ofRun("rag", null)).template()).isEqualTo("rag");
    assertThat(TemplateArguments.ofRun("rag", null).isEmpty()).isFalse();
    assertThat(run.over(row).template()).isEqualTo("rag");
    ChatTemplates templates = templates(ALL);
    assertThat(templates.mentions("documents", run)).isTrue();
    assertThat(templates.mentions("documents", row)).isFalse();
    assertThat(templates.mentions("tools", row)).isTrue();
  }

  @Test
  void aCheckpointsTemplatesHaveADirectory() {
    Checkpoint checkpoint =
        Checkpoint.of("demo").with("additional_chat_templates/rag.jinja", "r {{ x }}");
    try (ModelText text = checkpoint.load()) {
      TemplateArguments rag = TemplateArguments.ofRun("rag", "{\"x\": 1}");
      assertThat(text.prompt(CONVERSATION, rag).text()).isEqualTo("r 1");
      assertThat(text.unused(rag)).isEmpty();
      assertThat(text.render(CONVERSATION)).contains("Hi");
      text.requireTemplate(rag);
      assertThatThrownBy(() -> text.requireTemplate(TemplateArguments.ofRun("rga", null)))
          .hasMessageContaining("did you mean 'rag'?; those are default, rag");
    }
  }
}
