package dev.strata.udfs.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;

/** The same in a JVM that multiplies few rows by vectors. */
@Tag("best-compiler")
class FewRowsTest extends ConvertedProductsTest {

  @BeforeAll
  static void compile() {
    assertThat(VectorModule.isThere()).isTrue();
    VectorModule.warmUp();
    assertThat(FewRows.most()).isPositive();
  }

  @Override
  int fewRows(NumberType stored) {
    return stored == NumberType.BFLOAT16 ? FewRows.most() : super.fewRows(stored);
  }
}
