// Never run: the tests of the hints refer to its lines.
struct base {
    virtual ~base() { ended = 1; /* in the destructor */ }
    virtual void work() { ended = 2; /* in another function */ }
    int ended = 0;
};

int main()
{
    base *object = new base;
    object->work(); /* call */
    delete object;
    return 0;
}
