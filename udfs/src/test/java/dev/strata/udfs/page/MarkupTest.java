package dev.strata.udfs.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MarkupTest {

  private static final String HOSTILE = "</td><script>alert(1)</script>\" onload='x' & \u202e";

  @Test
  void textsComeOutAsTheyWentIn() {
    assertThat(Element.of("td", HOSTILE).html())
        .isEqualTo(
            "<td>&lt;/td&gt;&lt;script&gt;alert(1)&lt;/script&gt;&quot; onload=&#39;x&#39; &amp;"
                + " \u202e</td>");
  }

  @Test
  void soDoValuesOfAttributes() {
    assertThat(Element.of("p").with("title", HOSTILE).html())
        .isEqualTo(
            "<p title=\"&lt;/td&gt;&lt;script&gt;alert(1)&lt;/script&gt;&quot; onload=&#39;x&#39;"
                + " &amp; \u202e\"></p>");
  }

  @Test
  void whatIsNoCharacterIsReplaced() {
    assertThat(Markup.text("a\0b\u0007c\u0085\nd\te\r").html())
        .isEqualTo("a\uFFFDb\uFFFDc\uFFFD\nd\te\r");
    assertThat(Markup.text("\ud83d\ude00 \ud83d \ude00 x\ud83d").html())
        .isEqualTo("\ud83d\ude00 \uFFFD \uFFFD x\uFFFD");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"script", "img", "iframe", "link", "base", "form", "td><b", "td x", "", "TD"})
  void elementsThatDoOrFetchSomethingAreRefused(String name) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Element.of(name))
        .withMessage("no element of a page of ours: " + name);
  }

  @ParameterizedTest
  @ValueSource(strings = {"onclick", "onload", "src", "srcdoc", "style", "x y", "x=", "\"", ""})
  void andAttributesThatDo(String name) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Element.of("p").with(name, "v"))
        .withMessage("no attribute of a page of ours: " + name);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"javascript:alert(1)", " javascript:x", "JavaScript:x", "data:text/html,x", "//x"})
  void linksThatRunProgramsAreRefused(String address) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Element.of("a", "x").with("href", address))
        .withMessage("no address that a page of ours leads to: " + address);
  }

  @ParameterizedTest
  @ValueSource(strings = {"#errors", "/jobs/", "?id=1", "../x", "http://proxy/app-1/strata"})
  void otherLinksAreNot(String address) {
    assertThat(Element.of("a", "x").with("href", address).html())
        .isEqualTo("<a href=\"%s\">x</a>".formatted(address));
  }

  @Test
  void piecesFollowOneAnother() {
    Markup pieces = Markup.of(Markup.text("a"), Element.of("br"), Markup.nothing());
    assertThat(Markup.of(Stream.of(pieces, Markup.text("b"))).html()).isEqualTo("a<br>b");
    assertThat(Markup.of(Markup.nothing(), Markup.of())).isEqualTo(Markup.nothing());
  }

  @Test
  void anElementIsNotChanged() {
    Element plain = Element.of("td", "x");
    assertThat(plain.styled("number").add(Markup.text("y")).html())
        .isEqualTo("<td class=\"number\">xy</td>");
    assertThat(plain.html()).isEqualTo("<td>x</td>");
    assertThat(new Element("a", Map.of("href", "#x"), List.of()).html())
        .isEqualTo("<a href=\"#x\"></a>");
  }
}
