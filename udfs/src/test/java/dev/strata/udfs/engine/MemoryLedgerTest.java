package dev.strata.udfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.udfs.engine.MemoryLedger.Reservation;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class MemoryLedgerTest {

  private static final long MIB = 1 << 20;

  private final MemoryLedger ledger = new MemoryLedger();

  /** Takes at least {@code least} MiB of both, and at most {@code most}. */
  private static MemoryDemand demand(String device, long host, long onDevice, int least, int most) {
    return new MemoryDemand(
        "the engine of /m",
        device,
        new MemoryShare(host * MIB, onDevice * MIB),
        room -> {
          boolean onHost = device.isEmpty();
          long left = onHost ? room.hostBytes() : Math.min(room.hostBytes(), room.deviceBytes());
          long taken = Math.min(left, most * MIB);
          return taken < least * MIB
              ? Optional.empty()
              : Optional.of(new MemoryShare(taken, onHost ? 0 : taken));
        });
  }

  private static MemoryDemand onHost(long budget, int least, int most) {
    return demand("", budget, 0, least, most);
  }

  private static long hostMib(Optional<Reservation> reservation) {
    return reservation.orElseThrow().share().hostBytes() / MIB;
  }

  @Test
  void anEngineTakesAllItWantsOrWhatIsLeft() {
    assertThat(hostMib(ledger.reserve(onHost(100, 10, 70)))).isEqualTo(70);
    assertThat(ledger.reserve(onHost(100, 10, 70))).isEmpty();
    assertThat(hostMib(ledger.reserveLeft(onHost(100, 10, 70)))).isEqualTo(30);
    assertThat(ledger.reserveLeft(onHost(100, 10, 70))).isEmpty();
    assertThat(ledger.held("")).isEqualTo(new MemoryShare(100 * MIB, 0));
  }

  @Test
  void itsPlanIsThatOfAnEngineAloneWhereAllItWantsIsLeft() {
    assertThat(ledger.reserve(onHost(100, 10, 20))).isPresent();
    Reservation whole = ledger.reserve(onHost(100, 10, 70)).orElseThrow();
    assertThat(whole.room().hostBytes()).isEqualTo(100 * MIB);
    Reservation part = ledger.reserveLeft(onHost(100, 10, 70)).orElseThrow();
    assertThat(part.room().hostBytes()).isEqualTo(10 * MIB);
  }

  @Test
  void theStrictestBudgetOfAllHolds() {
    Reservation small = ledger.reserve(onHost(100, 10, 70)).orElseThrow();
    assertThat(ledger.reserve(onHost(400, 10, 70))).isEmpty();
    assertThat(hostMib(ledger.reserveLeft(onHost(400, 10, 70)))).isEqualTo(30);
    small.close();
    assertThat(hostMib(ledger.reserve(onHost(400, 10, 300)))).isEqualTo(300);
    assertThat(ledger.reserveLeft(onHost(100, 1, 70))).isEmpty();
  }

  @Test
  void devicesAreApartAndShareTheHost() {
    assertThat(ledger.reserve(demand("cuda:0", 1000, 100, 10, 70))).isPresent();
    assertThat(ledger.reserve(demand("cuda:0", 1000, 100, 10, 70))).isEmpty();
    assertThat(hostMib(ledger.reserve(demand("cuda:1", 1000, 100, 10, 70)))).isEqualTo(70);
    assertThat(ledger.held("cuda:0")).isEqualTo(new MemoryShare(140 * MIB, 70 * MIB));
    assertThat(hostMib(ledger.reserve(onHost(200, 10, 60)))).isEqualTo(60);
    assertThat(ledger.reserveLeft(demand("cuda:1", 1000, 100, 10, 70))).isEmpty();
  }

  @Test
  void nobodyMakesDoWithLessWhileSomeIsOnItsWayBack() {
    AtomicInteger told = new AtomicInteger();
    ledger.listen(told::incrementAndGet);
    Reservation first = ledger.reserve(onHost(100, 10, 80)).orElseThrow();
    first.ending();
    assertThat(ledger.reserveLeft(onHost(100, 10, 80))).isEmpty();
    first.close();
    first.close();
    assertThat(told.get()).isPositive();
    assertThat(ledger.held("")).isEqualTo(MemoryShare.NONE);
    assertThat(hostMib(ledger.reserve(onHost(100, 10, 80)))).isEqualTo(80);
  }

  @Test
  void aReservationBecomesAnotherWithinWhatOthersLeave() {
    Reservation first = ledger.reserve(onHost(100, 10, 20)).orElseThrow();
    assertThat(ledger.reserve(onHost(100, 10, 50))).isPresent();
    MemoryDemand more = onHost(100, 10, 90);
    assertThat(first.roomFor(more).hostBytes()).isEqualTo(50 * MIB);
    assertThat(first.share().hostBytes()).isEqualTo(20 * MIB);
    first.become(more);
    assertThat(first.share().hostBytes()).isEqualTo(50 * MIB);
    first.become(onHost(100, 10, 30));
    assertThat(first.room().hostBytes()).isEqualTo(100 * MIB);
    assertThat(ledger.held("").hostBytes()).isEqualTo(80 * MIB);
  }

  @Test
  void itTellsWhetherAnEngineFitsBesideSomeOfTheOthers() {
    Reservation first = ledger.reserve(onHost(100, 10, 60)).orElseThrow();
    Reservation second = ledger.reserve(onHost(100, 10, 40)).orElseThrow();
    assertThat(ledger.fitsBeside(onHost(100, 50, 90), first::equals)).isFalse();
    assertThat(ledger.fitsBeside(onHost(100, 50, 90), second::equals)).isTrue();
    assertThat(ledger.describe(second::equals)).isEqualTo("the engine of /m 40 MiB");
  }

  @Test
  void theLeastIsFoundByAsking() {
    assertThat(onHost(1000, 37, 90).describeLeast()).isEqualTo("37 MiB of host memory");
    assertThat(demand("cuda:0", 1000, 100, 37, 90).describeLeast())
        .isEqualTo("37 MiB of host memory and 37 MiB of cuda:0");
  }
}
