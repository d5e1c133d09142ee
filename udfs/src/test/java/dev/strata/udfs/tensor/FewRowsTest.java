package dev.strata.udfs.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;

/** The same in a JVM that multiplies few rows by vectors. */
@Tag("best-compiler")
class FewRowsTest extends ConvertedProductsTest {

  @BeforeAll
  static void compile() {
    assertThat(VectorModule.isThere()).isTrue();
    VectorModule.warmUp();
    assertThat(FewRows.most(true)).isEqualTo(FewRows.MOST);
  }

  @Override
  List<Integer> ways(NumberType stored) {
    return stored == NumberType.BFLOAT16
        ? List.of(VectorProducts.ALONE, FewRows.MOST, 64)
        : super.ways(stored);
  }
}
