package dev.strata.udfs.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

class TableTest {

  @Test
  void figuresStandToTheRight() {
    Table table =
        Table.of(Table.Column.text("error"), Table.Column.number("rows"))
            .row("no <text>", "12")
            .row(Element.of("b", "x"), Markup.text("1"));
    assertThat(table.isEmpty()).isFalse();
    assertThat(table.markup().html())
        .isEqualTo(
            "<table class=\"figures\"><thead><tr><th scope=\"col\">error</th>"
                + "<th class=\"number\" scope=\"col\">rows</th></tr></thead>"
                + "<tbody><tr><td>no &lt;text&gt;</td><td class=\"number\">12</td></tr>"
                + "<tr><td><b>x</b></td><td class=\"number\">1</td></tr></tbody></table>");
  }

  @Test
  void aRowHasACellForEachColumn() {
    Table table = Table.of(Table.Column.text("a"), Table.Column.text("b"));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> table.row("x"))
        .withMessage("1 cells for 2 columns");
    assertThat(table.isEmpty()).isTrue();
  }

  @Test
  void factsStandBelowEachOther() {
    assertThat(new Facts().isEmpty()).isTrue();
    assertThat(new Facts().add("model", "a<b").add("rows", Element.of("b", "3")).markup().html())
        .isEqualTo(
            "<dl class=\"facts\"><dt>model</dt><dd>a&lt;b</dd><dt>rows</dt><dd><b>3</b></dd></dl>");
  }
}
