/* devices/pcnet_ring.c -- the Am79C970A moves frames: initialisation block, and
 * two rings of descriptors in the layouts of software styles 0 (LANCE), 2
 * and 3. A descriptor is read, its data moved, its status written, and last the
 * word with OWN; one whose frame goes on is given back when the next one is
 * ours. */
#include <string.h>

#include "pcnet.h"

/* The second word of a descriptor of 32 bits; style 0 has bits 31-24 alone. */
#define D_OWN  (1u << 31)
#define D_ERR  (1u << 30)
#define D_BUFF (1u << 26) /* received */
#define D_STP  (1u << 25)
#define D_ENP  (1u << 24)
#define T_FCS  (1u << 29) /* ADD_FCS */
#define T_LAST (1u << 28) /* LTINT; read as MORE */
#define T_SEEN (7u << 26) /* MORE, ONE, DEF */
enum { R_PAM = 1 << 22, R_LAFM = 1 << 21, R_BAM = 1 << 20 };
#define T_BUFF (1u << 31) /* status of what was sent */
#define T_UFLO (1u << 30)
#define T_LCAR (1u << 27)
enum { LENGTH = 4096, CHECKSUM = 4, SHORTEST = 60, LONGEST = 1515 };
enum { CLOCK_NS = 30, INIT_16 = 24, MISSED_MOST = 0xffff };

static bool wide(const struct pcnet *s)
{
    return s->bcr[BCR_STYLE] & STYLE_32;
}

static uint32_t load16(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8;
}

static uint32_t load32(const uint8_t *p)
{
    return load16(p) | load16(p + 2) << 16;
}

static void store(uint8_t *p, unsigned bytes, uint32_t v)
{
    for (; bytes; bytes--, v >>= 8)
        *p++ = (uint8_t)v;
}

/* In style 0 addresses have 24 bits; the others come from IADR. */
static uint32_t high_byte(const struct pcnet *s)
{
    return (uint32_t)(s->csr[CSR_IADR + 1] & 0xff00) << 16;
}

static uint8_t *memory(struct pcnet *s, uint32_t at, uint32_t bytes)
{
    return device_ram(&s->dev, BUFFERS, at, bytes);
}

/* ---- descriptors ----------------------------------------------------------
 */

static uint32_t flags_of(const struct pcnet *s, const uint8_t *raw)
{
    return wide(s) ? load32(raw + 4) & 0xffff0000u : (uint32_t)raw[3] << 24;
}

static uint32_t buffer_of(const struct pcnet *s, const uint8_t *raw)
{
    if (!wide(s))
        return (load32(raw) & 0xffffff) | high_byte(s);
    return load32(raw + (pcnet_style(s) == 3 ? 8 : 0));
}

static uint32_t length_of(const uint8_t *raw)
{
    return LENGTH - (load16(raw + 4) & (LENGTH - 1));
}

static unsigned desc_bytes(const struct pcnet *s)
{
    return wide(s) ? 16 : 8;
}

static uint32_t ring_length(const struct pcnet *s, bool rx)
{
    return 65536u - s->csr[rx ? CSR_RX_LENGTH : CSR_TX_LENGTH];
}

static uint16_t after(const struct pcnet *s, bool rx, uint16_t index)
{
    return index + 1u < ring_length(s, rx) ? (uint16_t)(index + 1) : 0;
}

static dla_t slot(const struct pcnet *s, bool rx, uint16_t index)
{
    uint32_t base = csr_pair(s, rx ? CSR_RX_RING : CSR_TX_RING);

    return dla_of(base + index * desc_bytes(s));
}

static struct side *side_of(struct pcnet *s, bool rx)
{
    return rx ? &s->rx : &s->tx;
}

static void fetch(struct pcnet *s, bool rx)
{
    struct side *d = side_of(s, rx);

    d->busy = true;
    dma_read(&s->dev, rx ? ENGINE_RX : ENGINE_TX, slot(s, rx, d->index),
             rx ? LOCAL(s, rx.raw) : LOCAL(s, tx.raw), desc_bytes(s),
             rx ? RX_DESC : TX_DESC);
}

static void fetch_behind(struct pcnet *s, bool rx)
{
    struct side *d = side_of(s, rx);

    dma_read(&s->dev, rx ? ENGINE_RX : ENGINE_TX,
             slot(s, rx, after(s, rx, d->index)),
             rx ? LOCAL(s, rx.behind) : LOCAL(s, tx.behind), desc_bytes(s),
             rx ? RX_NEXT : TX_NEXT);
}

/* The status first, then the word with OWN: the driver never sees one without
 * the other. */
static void give_back(struct pcnet *s, bool rx)
{
    struct side *d = side_of(s, rx);
    unsigned engine = rx ? ENGINE_RX : ENGINE_TX;
    uint32_t local = rx ? LOCAL(s, rx.raw) : LOCAL(s, tx.raw);
    dla_t at = slot(s, rx, d->index);
    unsigned status = !wide(s) ? 6 : pcnet_style(s) == 3 ? 0 : 8;
    unsigned bytes = wide(s) ? 4 : 2;
    unsigned flags = wide(s) ? 6 : 3, flag_bytes = wide(s) ? 2 : 1;

    d->flags &= ~D_OWN;
    store(d->raw + status, bytes, wide(s) || rx ? d->status : d->status >> 16);
    store(d->raw + flags, flag_bytes, d->flags >> (wide(s) ? 16 : 24));
    dma_write(&s->dev, engine, dla_add(at, status), local + status, bytes,
              rx ? RX_STATUS : TX_STATUS);
    dma_write(&s->dev, engine, dla_add(at, flags), local + flags, flag_bytes,
              rx ? RX_WROTE : TX_WROTE);
}

/* ---- starting and stopping -------------------------------------------------
 */

void pcnet_stop(struct pcnet *s)
{
    for (unsigned e = ENGINE_TX; e <= ENGINE_INIT; e++)
        dma_cancel(&s->dev, e);
    clock_cancel(&s->dev, POLL);
    s->tx.busy = s->rx.busy = s->tx.inside = s->rx.inside = false;
    s->tx.bytes = s->tx.moved = s->rx.bytes = s->rx.moved = 0;
    s->loading = s->suspending = false;
    s->csr[CSR_EXTENDED] &= (uint16_t)~EXT_SUSPEND;
    s->csr[CSR_STATUS] = STATUS_STOP;
}

void pcnet_init(struct pcnet *s)
{
    uint32_t at = csr_pair(s, CSR_IADR) & ~(wide(s) ? 3u : 1u);

    s->csr[CSR_STATUS] =
        (uint16_t)((s->csr[CSR_STATUS] & ~STATUS_STOP) | STATUS_INIT);
    s->loading = true;
    dma_cancel(&s->dev, ENGINE_INIT);
    dma_read(&s->dev, ENGINE_INIT, dla_of(at), LOCAL(s, init),
             wide(s) ? INIT_BYTES : INIT_16, INIT_READ);
}

void pcnet_start(struct pcnet *s)
{
    uint16_t status = s->csr[CSR_STATUS], mode = s->csr[CSR_MODE];

    status = (uint16_t)((status & ~STATUS_STOP) | STATUS_STRT);
    if (!s->loading && !(mode & MODE_DTX))
        status |= STATUS_TXON;
    if (!s->loading && !(mode & MODE_DRX))
        status |= STATUS_RXON;
    s->csr[CSR_STATUS] = status;
    if (!s->loading)
        pcnet_poll(s);
}

static void set_ring(struct pcnet *s, bool rx, uint32_t at, unsigned encoded)
{
    unsigned ring = rx ? CSR_RX_RING : CSR_TX_RING;
    unsigned log = encoded < 9 ? encoded : 9; /* at most 512 */

    at &= ~(wide(s) ? 15u : 7u);
    s->csr[ring] = (uint16_t)at;
    s->csr[ring + 1] = (uint16_t)(at >> 16);
    s->csr[rx ? CSR_RX_LENGTH : CSR_TX_LENGTH] = (uint16_t)(0u - (1u << log));
    side_of(s, rx)->index = 0;
}

static void initialise(struct pcnet *s)
{
    const uint8_t *b = s->init, *filter = b + (wide(s) ? 12 : 8);
    const uint8_t *address = b + (wide(s) ? 4 : 2);
    unsigned rlen = wide(s) ? b[2] >> 4 : b[19] >> 5;
    unsigned tlen = wide(s) ? b[3] >> 4 : b[23] >> 5;

    s->csr[CSR_MODE] = (uint16_t)load16(b);
    s->csr[6] = (uint16_t)(tlen << 12 | rlen << 8);
    for (unsigned i = 0; i < 3; i++)
        s->csr[CSR_PADR + i] = (uint16_t)load16(address + 2 * i);
    for (unsigned i = 0; i < 4; i++)
        s->csr[CSR_LADRF + i] = (uint16_t)load16(filter + 2 * i);
    if (wide(s)) {
        set_ring(s, true, load32(b + 20), rlen);
        set_ring(s, false, load32(b + 24), tlen);
    } else {
        set_ring(s, true, (load32(b + 16) & 0xffffff) | high_byte(s), rlen);
        set_ring(s, false, (load32(b + 20) & 0xffffff) | high_byte(s), tlen);
    }
}

static void init_read(struct pcnet *s, enum dma_status st)
{
    s->loading = false;
    if (st != DMA_OK) {
        s->csr[CSR_EXTENDED] |= EXT_SINT;
        pcnet_interrupt(s, 0);
        return;
    }
    initialise(s);
    if (s->csr[CSR_STATUS] & STATUS_STRT)
        pcnet_start(s);
    pcnet_interrupt(s, STATUS_IDON);
}

/* A descriptor or its buffer cannot be reached: this direction stops. */
static void failed(struct pcnet *s, bool rx)
{
    dma_cancel(&s->dev, rx ? ENGINE_RX : ENGINE_TX);
    side_of(s, rx)->busy = side_of(s, rx)->inside = false;
    s->csr[CSR_STATUS] &= (uint16_t) ~(rx ? STATUS_RXON : STATUS_TXON);
    s->csr[CSR_EXTENDED] |= EXT_SINT;
    pcnet_interrupt(s, 0);
}

/* ---- sending ----------------------------------------------------------------
 */

void pcnet_poll(struct pcnet *s)
{
    if (!(s->csr[CSR_STATUS] & STATUS_TXON) || s->tx.busy || s->suspending)
        return;
    fetch(s, false);
}

static void poll_later(struct pcnet *s)
{
    s->tx.busy = false;
    if (!(s->csr[CSR_FEATURE] & FEATURE_NO_POLL))
        clock_after_ns(&s->dev,
                       (uint64_t)(65536u - s->csr[CSR_POLL]) * CLOCK_NS, POLL);
}

/* The frame without its checksum; false: what the driver gave as one is wrong,
 * and so the frame is nobody's. */
static bool strip_given(const struct pcnet *s, const uint8_t *frame,
                        uint32_t *n)
{
    bool pads = s->csr[CSR_FEATURE] & FEATURE_PAD && *n < SHORTEST;
    uint32_t crc;

    if (!(s->csr[CSR_MODE] & MODE_DXMTFCS) || s->tx.flags & T_FCS || pads)
        return true;
    if (*n < FRAME_LEAST + CHECKSUM)
        return false;
    *n -= CHECKSUM;
    memcpy(&crc, frame + *n, CHECKSUM);
    return crc == frame_crc(frame, *n);
}

static void transmit(struct pcnet *s)
{
    const uint8_t *frame = memory(s, 0, TX_ROOM);
    uint32_t n = s->tx.bytes;
    uint16_t mode = s->csr[CSR_MODE];

    s->csr[CSR_FEATURE] |= FEATURE_TXSTRT;
    if (n >= LONGEST)
        pcnet_interrupt(s, STATUS_BABL);
    if (s->unplugged && !(mode & MODE_LOOP))
        s->tx.status |= T_LCAR;
    else if (!strip_given(s, frame, &n) || n < FRAME_LEAST || n > FRAME_MOST)
        return;
    else if (mode & MODE_LOOP)
        pcnet_receive(s, frame, n);
    if (!s->unplugged && !(mode & MODE_LOOP && mode & MODE_INTL))
        frame_put(&s->dev, frame, n);
}

static void tx_end(struct pcnet *s)
{
    s->tx.flags &= ~T_SEEN & ~D_ERR;
    s->tx.flags |= s->tx.status ? D_ERR : 0;
    give_back(s, false);
}

static void tx_data(struct pcnet *s)
{
    struct side *t = &s->tx;

    if (!(t->flags & D_ENP)) {
        fetch_behind(s, false);
        return;
    }
    if (!t->status)
        transmit(s);
    t->moved = t->flags & T_LAST ? 1 : 0; /* asks for an interrupt */
    tx_end(s);
}

static void tx_desc(struct pcnet *s)
{
    struct side *t = &s->tx;
    uint32_t bytes = length_of(t->raw);

    t->flags = flags_of(s, t->raw);
    if (!(t->flags & D_OWN)) {
        t->inside = false;
        poll_later(s);
        return;
    }
    if (t->flags & D_STP) {
        t->inside = true;
        t->bytes = t->moved = t->status = 0;
    }
    if (!t->inside) { /* a part of no frame goes back as it came */
        t->status = 0;
        give_back(s, false);
        return;
    }
    if (bytes > TX_ROOM - t->bytes)
        t->status |= T_BUFF;
    if (t->status)
        tx_data(s);
    else
        dma_read(&s->dev, ENGINE_TX, dla_of(buffer_of(s, t->raw)),
                 LOCAL_RAM(BUFFERS, t->bytes), bytes, TX_DATA);
}

/* The frame goes on, but the next buffer is not there: it has run dry. */
static void tx_next(struct pcnet *s)
{
    struct side *t = &s->tx;

    if (!(flags_of(s, t->behind) & D_OWN)) {
        t->status |= T_BUFF | T_UFLO;
        if (!(s->csr[CSR_MASK] & MASK_DXSUFLO))
            s->csr[CSR_STATUS] &= (uint16_t)~STATUS_TXON;
    }
    tx_end(s);
}

static bool tx_interrupts(const struct pcnet *s)
{
    uint16_t ext = s->csr[CSR_EXTENDED];

    if (s->tx.status)
        return true;
    if (ext & EXT_TOKINTD)
        return false;
    return !(ext & EXT_LTINTEN) || s->tx.moved;
}

static void tx_wrote(struct pcnet *s)
{
    struct side *t = &s->tx;
    bool over = t->flags & D_ENP || t->status & T_UFLO || !t->inside;

    t->index = after(s, false, t->index);
    if (!over) {
        memcpy(t->raw, t->behind, sizeof t->raw);
        tx_desc(s);
        return;
    }
    t->busy = false;
    if (t->inside)
        pcnet_interrupt(s, tx_interrupts(s) ? STATUS_TINT : 0);
    t->inside = false;
    t->bytes = t->moved = 0;
    pcnet_poll(s);
}

/* ---- receiving --------------------------------------------------------------
 */

static bool is_broadcast(const uint8_t *address)
{
    static const uint8_t all[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

    return memcmp(address, all, 6) == 0;
}

static bool is_own(const struct pcnet *s, const uint8_t *address)
{
    for (unsigned i = 0; i < 3; i++)
        if (load16(address + 2 * i) != s->csr[CSR_PADR + i])
            return false;
    return true;
}

/* The filter's bit is in the six highest of the checksum. */
static bool in_filter(const struct pcnet *s, const uint8_t *address)
{
    unsigned bit = ~frame_crc(address, 6) >> 26;

    return s->csr[CSR_LADRF + bit / 16] >> (bit & 15) & 1;
}

static bool wanted(struct pcnet *s, const uint8_t *address)
{
    uint16_t mode = s->csr[CSR_MODE];

    s->address_match = 0;
    if (is_broadcast(address) && !(mode & MODE_DRCVBC))
        s->address_match = R_BAM >> 16;
    else if (address[0] & 1 && !is_broadcast(address) && in_filter(s, address))
        s->address_match = R_LAFM >> 16;
    else if (is_own(s, address) && !(mode & MODE_DRCVPA))
        s->address_match = R_PAM >> 16;
    return s->address_match || mode & MODE_PROM;
}

/* What of the frame goes to memory: with its checksum, or, for a short one by
 * IEEE 802.3 length, without padding and checksum (ASTRP_RCV). */
static uint32_t shaped(const struct pcnet *s, uint8_t *frame, uint32_t n)
{
    uint32_t length = (uint32_t)frame[12] << 8 | frame[13];
    uint32_t crc;

    if (s->csr[CSR_FEATURE] & FEATURE_STRIP && length < SHORTEST - FRAME_LEAST)
        return FRAME_LEAST + length;
    crc = frame_crc(frame, n);
    memcpy(frame + n, &crc, CHECKSUM);
    return n + CHECKSUM;
}

void pcnet_receive(struct pcnet *s, const uint8_t *bytes, uint32_t n)
{
    struct side *r = &s->rx;
    uint8_t *frame;

    if (!(s->csr[CSR_STATUS] & STATUS_RXON) || r->busy || s->suspending ||
        !wanted(s, bytes))
        return;
    frame = memory(s, RX_AT, RX_ROOM);
    memcpy(frame, bytes, n);
    r->bytes = shaped(s, frame, n);
    r->moved = 0;
    r->inside = false;
    fetch(s, true);
}

static void rx_missed(struct pcnet *s)
{
    s->rx.busy = false;
    if (s->csr[CSR_MISSED]++ == MISSED_MOST)
        s->csr[CSR_FEATURE] |= FEATURE_MFCO;
    pcnet_interrupt(s, STATUS_MISS);
}

static uint32_t rx_piece(const struct side *r)
{
    uint32_t room = length_of(r->raw), left = r->bytes - r->moved;

    return left < room ? left : room;
}

static void rx_desc(struct pcnet *s)
{
    struct side *r = &s->rx;

    if (!(flags_of(s, r->raw) & D_OWN)) {
        rx_missed(s);
        return;
    }
    r->status = 0;
    r->flags = r->inside ? 0 : D_STP;
    r->inside = true;
    dma_write(&s->dev, ENGINE_RX, dla_of(buffer_of(s, r->raw)),
              LOCAL_RAM(BUFFERS, RX_AT + r->moved), rx_piece(r), RX_DATA);
}

static void rx_data(struct pcnet *s)
{
    struct side *r = &s->rx;

    r->moved += rx_piece(r);
    if (r->moved < r->bytes) {
        fetch_behind(s, true);
        return;
    }
    r->flags |= D_ENP | (uint32_t)s->address_match << 16;
    r->status = r->bytes & (LENGTH - 1);
    give_back(s, true);
}

static void rx_next(struct pcnet *s)
{
    struct side *r = &s->rx;

    if (!(flags_of(s, r->behind) & D_OWN))
        r->flags |= D_ERR | D_BUFF;
    give_back(s, true);
}

static void rx_wrote(struct pcnet *s)
{
    struct side *r = &s->rx;

    r->index = after(s, true, r->index);
    if (!(r->flags & (D_ENP | D_ERR))) {
        memcpy(r->raw, r->behind, sizeof r->raw);
        rx_desc(s);
        return;
    }
    r->busy = r->inside = false;
    pcnet_interrupt(s, STATUS_RINT);
}

/* ---- steps
 * ------------------------------------------------------------------- */

static void tx_step(struct pcnet *s, unsigned step)
{
    if (step == TX_DESC) {
        tx_desc(s);
    } else if (step == TX_DATA) {
        uint32_t bytes = length_of(s->tx.raw);

        s->tx.bytes += bytes <= TX_ROOM - s->tx.bytes ? bytes : 0;
        tx_data(s);
    } else if (step == TX_NEXT) {
        tx_next(s);
    } else if (step == TX_WROTE) {
        tx_wrote(s);
    }
}

static void rx_step(struct pcnet *s, unsigned step)
{
    if (step == RX_DESC)
        rx_desc(s);
    else if (step == RX_DATA)
        rx_data(s);
    else if (step == RX_NEXT)
        rx_next(s);
    else if (step == RX_WROTE)
        rx_wrote(s);
}

void pcnet_ring_step(struct pcnet *s, unsigned step, enum dma_status st)
{
    bool rx = step >= RX_DESC;

    if (step == INIT_READ)
        init_read(s, st);
    else if (st != DMA_OK)
        failed(s, rx);
    else if (rx)
        rx_step(s, step);
    else
        tx_step(s, step);
}
